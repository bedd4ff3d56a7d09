"""Right answers to chapter 08, written as people write them: at least two for each exercise."""

import math
from itertools import count

import torch
import torch.nn.functional as F


def loss_by_mask(logits, targets, pad_id):
    log_probs = F.log_softmax(logits, dim=-1)
    picked = torch.gather(log_probs, -1, targets.unsqueeze(-1)).squeeze(-1)
    mask = (targets != pad_id).to(logits.dtype)
    return -(picked * mask).sum() / mask.sum()


def loss_by_logsumexp(logits, targets, pad_id):
    real = targets != pad_id
    kept, answers = logits[real], targets[real]
    rows = torch.arange(len(answers), device=answers.device)
    return (kept.logsumexp(-1) - kept[rows, answers]).mean()


def smooth_by_full(targets, vocab_size, smoothing):
    share = smoothing / vocab_size
    labels = torch.full((*targets.shape, vocab_size), share, device=targets.device)
    return labels.scatter(-1, targets.unsqueeze(-1), 1 - smoothing + share)


def smooth_by_eye(targets, vocab_size, smoothing):
    hot = torch.eye(vocab_size, device=targets.device)[targets]
    return (1 - smoothing) * hot + smoothing * torch.ones_like(hot) / vocab_size


def rate_by_cases(step, peak, warmup, steps):
    if warmup > 0 and step <= warmup:
        return step / warmup * peak
    done, total = step - 1 - warmup, steps - warmup
    return 0.5 * peak * (1.0 + math.cos(done / total * math.pi))


def rate_by_square(step, peak, warmup, steps):
    if step <= warmup:
        return peak / warmup * step
    return peak * math.cos(math.pi / 2 * (step - warmup - 1) / (steps - warmup)) ** 2


def step_in_order(model, loss_of, batch, optimizer, clip_norm):
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(model, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=clip_norm)
    optimizer.step()
    return float(loss)


def step_by_hand(model, loss_of, batch, optimizer, clip_norm):
    loss = loss_of(model, batch)
    model.zero_grad()
    loss.backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    norm = torch.stack([g.norm() for g in grads]).norm()
    if norm > clip_norm:
        for g in grads:
            g.mul_(clip_norm / norm)
    optimizer.step()
    return loss.detach().item()


def accumulate_by_index(model, loss_of, batches, sizes):
    for p in model.parameters():
        p.grad = None
    total = 0
    for i in range(len(batches)):
        loss = loss_of(model, batches[i])
        (loss * sizes[i] / sum(sizes)).backward()
        total += loss.item() * sizes[i]
    return total / sum(sizes)


def accumulate_in_one_go(model, loss_of, batches, sizes):
    model.zero_grad()
    losses = torch.stack([loss_of(model, batch) for batch in batches])
    weights = torch.tensor(sizes).to(losses) / sum(sizes)
    loss = (losses * weights).sum()
    loss.backward()
    return loss.item()


def resume_in_order(saved, model, optimizer):
    torch.set_rng_state(saved["random"])
    optimizer.load_state_dict(saved["optimizer"])
    model.load_state_dict(saved["model"])
    return saved["step"]


def resume_by_copy(saved, model, optimizer):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(saved["model"][name])
    optimizer.load_state_dict(saved["optimizer"])
    torch.random.set_rng_state(saved["random"])
    return int(saved["step"])


def validate_and_back(model, loss_of, batches, sizes):
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        losses = [loss_of(model, batch).item() for batch in batches]
    model.train(was_training)
    return sum(x * n for x, n in zip(losses, sizes, strict=True)) / sum(sizes)


def validate_by_train_false(model, loss_of, batches, sizes):
    model.train(False)
    total = 0.0
    for batch, size in zip(batches, sizes, strict=True):
        with torch.no_grad():
            total += loss_of(model, batch).item() * size / sum(sizes)
    return total


def epochs_by_counter(model, adam, epochs, peak, warmup):
    losses, step = [], 0
    for epoch in epochs:
        for source, target_in, target_out in epoch:
            step += 1
            for group in adam.param_groups:
                group["lr"] = peak if step >= warmup else peak * step / warmup
            logits = model(source, target_in)
            loss = F.cross_entropy(logits.flatten(0, 1), target_out.flatten(), ignore_index=0)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            losses.append(float(loss))
    return losses


def epochs_in_one_line(model, adam, epochs, peak, warmup):
    steps, losses = count(1), []
    for source, target_in, target_out in (batch for epoch in epochs for batch in epoch):
        adam.param_groups[0]["lr"] = min(peak, next(steps) * peak / warmup)
        log_probs = model(source, target_in).log_softmax(dim=-1)  # twice does no harm here
        loss = loss_by_mask(log_probs, target_out, 0)
        loss.backward()
        adam.step()
        model.zero_grad()
        losses.append(loss.item())
    return losses


RIGHT = {
    "8.1": [loss_by_mask, loss_by_logsumexp],
    "8.2": [smooth_by_full, smooth_by_eye],
    "8.3": [rate_by_cases, rate_by_square],
    "8.4": [step_in_order, step_by_hand],
    "8.5": [accumulate_by_index, accumulate_in_one_go],
    "8.6": [resume_in_order, resume_by_copy],
    "8.7": [(3, 5, 2, 1, 4), torch.tensor([3.0, 5.0, 2.0, 1.0, 4.0])],
    "8.8": [validate_and_back, validate_by_train_false],
    "8.9": [(1.39, 4), (math.log(4), 4.0)],
    "8.10": [epochs_by_counter, epochs_in_one_line],
}
