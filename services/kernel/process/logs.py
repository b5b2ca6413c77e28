"""Logging: one JSON object a line, with the tenant, the actor and the request."""

import logging
import sys

import structlog


def configure(process: str, level: str, *context: structlog.typing.Processor) -> None:
    """Sets up logging for this process, including what libraries log.

    `context` adds values to each line, such as those of the current scope.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *context,
        structlog.processors.EventRenamer("event"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    structlog.contextvars.bind_contextvars(process=process)


def logger() -> structlog.stdlib.BoundLogger:
    """Returns the logger; events are snake_case names, values are keyword arguments."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger()
    return log
