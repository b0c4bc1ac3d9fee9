import logging

import tensorflow as tf

from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.progress import ProgressBar, describe_epoch


def test_an_epoch_is_described_by_losses_what_is_monitored_and_speed():
    logs = {"loss": 0.01234, "val_loss": 0.5, "sts": 0.83426, "other": 9.0, "seconds": 2.0}
    line = describe_epoch(3, 10, 5000, "sts", logs)
    assert line == "epoch 3/10: loss 0.0123, val_loss 0.5000, sts 0.8343, 2,500 rows/s"


def test_without_a_bar_each_epoch_is_logged(tiny_encoder, tiny_pairs, caplog):
    with caplog.at_level(logging.INFO, "tfsiamese"):
        fit(Siamese(tiny_encoder), tiny_pairs, epochs=2)
    lines = [record.message for record in caplog.records if record.message.startswith("epoch ")]
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]


def test_the_bar_goes_to_standard_error_and_ends_as_the_epochs_line(capsys):
    bar = ProgressBar(epochs=4, rows=30)
    bar.on_epoch_begin(1, {"rows_done": 10})
    for batch in (1, 2):
        bar.on_train_batch_end(batch, {"loss": 0.25, "size": 10.0})
    bar.on_epoch_end(1, {"loss": 0.25, "seconds": 0.5})
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.split("\r")[-1].strip() == "epoch 2/4: loss 0.2500, 60 rows/s"


def test_tensorboard_files_hold_every_step_and_every_epoch(tiny_encoder, tiny_pairs, tmp_path):
    fit(Siamese(tiny_encoder), tiny_pairs, epochs=3, batch_size=20, out=tmp_path)
    (path,) = (tmp_path / "logs").iterdir()
    tags = [value.tag for event in tf.compat.v1.train.summary_iterator(str(path)) for value in event.summary.value]
    assert tags.count("step/loss") == 6
    assert tags.count("epoch/loss") == tags.count("epoch/learning_rate") == 3
