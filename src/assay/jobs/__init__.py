"""Durable jobs: ordered, named, idempotent steps that survive a killed worker.

Nothing here imports the job engine until a queue or a runner is first used; see docs/adr/0003.
"""

from assay.jobs.interface import Failure, Job, JobState, Json, Retry, Step, StepCall, Workflow, step
from assay.jobs.options import WorkerOptions
from assay.jobs.queue import JobQueue
from assay.jobs.runner import JobRunner
from assay.jobs.schema import migrate
from assay.jobs.worker import run_worker

__all__ = [
    "Failure",
    "Job",
    "JobQueue",
    "JobRunner",
    "JobState",
    "Json",
    "Retry",
    "Step",
    "StepCall",
    "WorkerOptions",
    "Workflow",
    "migrate",
    "run_worker",
    "step",
]
