import torch

from mien.models import create_model
from mien.training.freezing import backbone_names, freeze_backbone


def test_backbone_names_leave_out_neck_and_last_layer() -> None:
    assert backbone_names(create_model("vgg_se", width=8)) == ["stages"]


def test_freeze_backbone_keeps_weights_and_statistics_until_it_lets_go() -> None:
    network = create_model("vgg_se", width=8, pooling="average").train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=0.1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def step() -> set[str]:
        optimizer.zero_grad()
        network(torch.randn(8, 1, 48, 48)).square().mean().backward()
        optimizer.step()
        return {
            name.split(".")[0] for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])
        }

    freeze_backbone(network, True)
    assert step() == {"neck", "classifier"}
    freeze_backbone(network, False)
    assert step() == {"stages", "neck", "classifier"}
