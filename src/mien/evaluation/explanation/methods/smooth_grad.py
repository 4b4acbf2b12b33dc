"""SmoothGrad: gradients averaged over noisy copies of a face."""

import torch
from torch import Tensor

from mien.evaluation.explanation.explained import DifferentiableModel
from mien.evaluation.explanation.method import MethodCard, register_method


@register_method(
    "smooth_grad",
    card=MethodCard(
        title="SmoothGrad",
        source="Smilkov et al., SmoothGrad: removing noise by adding noise, https://arxiv.org/abs/1706.03825",
        shows="mean change of the class's logit for one grey value over noisy copies, its size alone",
        needs="gradients",
        cost="25 forward and back",
    ),
)
def explain_by_smooth_grad(
    model: DifferentiableModel,
    images: Tensor,
    targets: Tensor,
    *,
    seed: int = 0,
    samples: int = 25,
    noise: float = 0.15,
) -> Tensor:
    """Return the size of the mean gradient over noisy copies at each pixel, the largest of its channels.

    Args:
        model: The network, or networks as one.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.
        seed: Seed of the noise; all faces of a size get the same.
        samples: Noisy copies of a face.
        noise: Standard deviation of the noise, as a share of a face's range of values.

    Raises:
        ValueError: If there is no sample, or the noise is negative.
    """
    from captum.attr import NoiseTunnel, Saliency

    if samples < 1 or noise < 0:
        raise ValueError(f"samples is {samples}, noise {noise}; expected at least 1 sample and noise from 0")
    tunnel = NoiseTunnel(Saliency(model.compute_logits))
    maps = []
    # One face at a time, all its copies at once: captum draws for a batch, and no face may hang on the others.
    for image, target in zip(images, targets, strict=True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            mean = tunnel.attribute(
                image[None].clone().requires_grad_(),
                nt_type="smoothgrad",
                nt_samples=samples,
                stdevs=float(image.max() - image.min()) * noise,
                target=target,
                abs=False,
            )
        maps.append(mean[0].abs().amax(dim=0))
    return torch.stack(maps)
