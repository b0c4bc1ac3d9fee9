import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.workers import expand_hosts, is_slurm_step, slurm_worker

STEP = {
    "SLURM_JOB_ID": "4711",
    "SLURM_PROCID": "2",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "gpu[07-09]",
    "SLURM_STEP_TASKS_PER_NODE": "1(x3)",
}


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("login", ["login"]),
        ("a,b-2.local", ["a", "b-2.local"]),
        ("node[01-03,7]", ["node01", "node02", "node03", "node7"]),
        ("node[9-11]", ["node9", "node10", "node11"]),
        ("node[098-101]", ["node098", "node099", "node100", "node101"]),
        ("a[1-2],b,c[5]", ["a1", "a2", "b", "c5"]),
        ("rack[1-2]-node[01-02]", ["rack1-node01", "rack1-node02", "rack2-node01", "rack2-node02"]),
        ("n[1-2]-ib", ["n1-ib", "n2-ib"]),
    ],
)
def test_host_lists_are_expanded_in_their_order(text: str, hosts: list[str]):
    assert expand_hosts(text) == hosts


@pytest.mark.parametrize(
    "text", ["", "a,,b", "node[", "node[1-", "node[]", "node[3-1]", "node[a-b]", "a b", "node[1-2-3]"]
)
def test_what_is_no_host_list_is_refused(text: str):
    with pytest.raises(SettingsError, match="is no host list"):
        expand_hosts(text)


def test_one_task_a_node_is_one_worker_a_node():
    worker = slurm_worker(STEP, 8000)
    assert worker.addresses == ("gpu07:8000", "gpu08:8000", "gpu09:8000")
    assert worker.index == 2


def test_tasks_of_one_node_have_ports_that_follow_each_other():
    step = STEP | {"SLURM_STEP_NUM_TASKS": "5", "SLURM_STEP_TASKS_PER_NODE": "2(x2),1"}
    assert slurm_worker(step, 8000).addresses == (
        "gpu07:8000",
        "gpu07:8001",
        "gpu08:8000",
        "gpu08:8001",
        "gpu09:8000",
    )


def test_the_port_follows_from_the_job_so_that_jobs_on_one_node_differ():
    ports = {
        job: slurm_worker(STEP | {"SLURM_JOB_ID": job}).addresses[0].split(":")[1] for job in ("4711", "4712", "4713")
    }
    assert len(set(ports.values())) == 3
    assert all(20_000 <= int(port) < 32_000 for port in ports.values())
    assert slurm_worker(STEP).addresses[0] == f"gpu07:{ports['4711']}"


def test_without_a_word_on_tasks_each_node_has_as_many():
    step = {name: value for name, value in STEP.items() if name != "SLURM_STEP_TASKS_PER_NODE"}
    assert slurm_worker(step | {"SLURM_STEP_NUM_TASKS": "6"}, 1).addresses[:3] == ("gpu07:1", "gpu07:2", "gpu08:1")


@pytest.mark.parametrize("name", ["SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST"])
def test_a_variable_that_is_absent_is_named(name: str):
    step = {key: value for key, value in STEP.items() if key != name}
    with pytest.raises(SettingsError, match=f"There is no {name}. Start the workers with srun"):
        slurm_worker(step)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SLURM_PROCID": "x"}, "SLURM_PROCID is 'x'"),
        ({"SLURM_PROCID": "3"}, "Expected an index from 0 to 2"),
        ({"SLURM_STEP_TASKS_PER_NODE": "2,1"}, "don't go together: 3 tasks, 3 nodes"),
        ({"SLURM_STEP_TASKS_PER_NODE": "many"}, "SLURM_STEP_TASKS_PER_NODE = 'many'"),
        (
            {"SLURM_STEP_NUM_TASKS": "6", "SLURM_STEP_TASKS_PER_NODE": "2(x3)", "SLURM_DISTRIBUTION": "cyclic"},
            "srun --distribution=block",
        ),
    ],
)
def test_variables_that_do_not_go_together_are_refused(changes: dict[str, str], message: str):
    with pytest.raises(SettingsError, match=message):
        slurm_worker(STEP | changes)


def test_only_a_task_of_several_is_taken_for_a_worker():
    assert is_slurm_step(STEP)
    assert not is_slurm_step(STEP | {"SLURM_STEP_NUM_TASKS": "1"})
    batch_script = {"SLURM_PROCID": "0", "SLURM_NTASKS": "3", "SLURM_JOB_NODELIST": "gpu[07-09]"}
    assert not is_slurm_step(batch_script)
