"""The Bayesian head: its posterior is ALPaCA's closed form, and it is trained on the evidence of whole tasks."""

from __future__ import annotations

import math

import torch
from torch.distributions import MultivariateNormal

from designer.priors.networks.bayesian_head import OFFSET, HeadNetwork, Heads, HeadSettings, evidence_loss
from designer.priors.networks.episodes import Episodes
from designer.priors.networks.training import generator, seeded, to_double, weights_of

SETTINGS = HeadSettings(widths=(8,), features=4)


def network(width: int = 5) -> HeadNetwork:
    made = seeded(lambda: HeadNetwork(width, SETTINGS), generator(3))
    with torch.no_grad():
        made.mean.copy_(torch.tensor([0.5, -1.0, 0.3, 0.8]))
    return made


def episodes(lengths: list[int]) -> Episodes:
    random = torch.Generator().manual_seed(0)
    n = max(lengths)
    there = (torch.arange(n) < torch.tensor(lengths)[:, None]).float()
    shape = (len(lengths), n)
    return Episodes(torch.randn(*shape, 5, generator=random), torch.randn(*shape, generator=random) * there, there)


def test_the_loss_is_the_evidence_of_whole_tasks_whatever_their_length() -> None:
    made, batch = network().requires_grad_(False), episodes([7, 4])
    head, rest, length, noise = made.scales.exp().double().tolist()
    total = 0.0
    for inputs, z, there in zip(batch.inputs, batch.z, batch.there, strict=True):
        rows = there > 0
        mean, features = made(inputs[rows])
        own = inputs[rows][:, :3] / (length * math.sqrt(3))
        r = torch.cdist(own, own)
        s = math.sqrt(5) * r
        K = head * features @ features.T + rest * (1 + s + s**2 / 3) * torch.exp(-s) + OFFSET
        K = K + (noise + 1e-4) * torch.eye(len(K))
        total -= float(MultivariateNormal(mean, K).log_prob(z[rows]))
    assert abs(float(evidence_loss(made, batch, 3)) - total / 11) < 1e-4


def test_a_linear_term_over_the_features_is_the_closed_form_of_the_head() -> None:
    """Harrison et al. (2018), eq. 4 and 5, against the kernel's form that `fit_informed` uses."""
    weights = to_double(weights_of(network()))
    random = torch.Generator().manual_seed(1)
    inputs, new = torch.randn(2, 6, 5, generator=random, dtype=torch.float64)
    y, noise = torch.randn(6, generator=random, dtype=torch.float64), 0.04
    heads = Heads((weights,))

    def outputs(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        from designer.priors.networks.bayesian_head import _mean_and_features

        return _mean_and_features(heads.networks[0], x)

    (mean, psi), (new_mean, new_psi) = outputs(inputs), outputs(new)
    K = psi @ psi.T + noise * torch.eye(6, dtype=torch.float64)
    by_kernel = new_mean + new_psi @ psi.T @ torch.linalg.solve(K, y - mean)
    # The head: prior N(k0, L0^-1) of the weights on phi, k0 the learned mean, posterior in closed form.
    deviation = math.exp(0.5 * float(weights["scales"][0]))
    phi, new_phi, k0 = psi / deviation, new_psi / deviation, weights["mean"]
    L0 = torch.eye(4, dtype=torch.float64) * noise / deviation**2
    posterior = torch.linalg.solve(phi.T @ phi + L0, phi.T @ y + L0 @ k0)
    torch.testing.assert_close(new_phi @ posterior, by_kernel)


def test_restored_weights_are_the_same() -> None:
    heads = Heads((to_double(weights_of(network())), to_double(weights_of(network()))))
    read = Heads(()).restored(heads.tensors())
    assert len(read.networks) == 2
    for one, other in zip(read.networks, heads.networks, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in other)
