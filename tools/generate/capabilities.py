"""Capabilities of the toolbox that ask for something to be made."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from tools.errors import ProviderUnavailable
from tools.generate.job import GenerationJob
from tools.generate.proposal import TEXT, Draft, Proposer
from tools.generate.request import LONGEST, Aspect, Kind


class GenerationCapabilities:
    """Proposals of videos to make; a person approves them, and nothing here can."""

    proposer: Proposer | None

    def _generation_tools(self) -> list[Callable[..., Any]]:
        return [self.propose_generation] if self.proposer else []

    def propose_generation(
        self,
        prompt: Annotated[
            str, Field(min_length=1, max_length=TEXT, description="What is to be made, in words.")
        ],
        kind: Annotated[
            Kind | None, Field(description="Kind of video; by what is given without it.")
        ] = None,
        seconds: Annotated[
            float | None, Field(ge=1, le=LONGEST, description="Length of the video.")
        ] = None,
        videos: Annotated[
            list[str] | None, Field(description="Ids of the videos to take moments from.")
        ] = None,
        moments: Annotated[
            list[str] | None, Field(max_length=20, description="Ids of evidence to use.")
        ] = None,
        count: Annotated[
            int, Field(ge=0, le=20, description="Moments of a teaser; 0 for as many as fit.")
        ] = 0,
        script: Annotated[
            list[str] | None, Field(max_length=12, description="Sentences to speak, in order.")
        ] = None,
        aspects: Annotated[
            list[Aspect] | None, Field(max_length=3, description="Formats; 16:9 without any.")
        ] = None,
        provider: Annotated[
            str, Field(max_length=40, description="runway, openai-videos or animatic.")
        ] = "",
    ) -> GenerationJob:
        """Propose a new video: a teaser or reel, a generated clip, an ad, captions, a narration.

        Use only when the person asks for a video to be made. Nothing is made, sent or paid: a
        person sees the price and what leaves the machine, and says yes or no. Never tell that it
        was made. A proposal that moderation refuses is final: do not rephrase it.
        """
        if self.proposer is None:
            raise ProviderUnavailable("nothing is made in this library")
        draft = Draft(
            prompt,
            kind,
            seconds,
            tuple(aspects or ()),
            tuple(moments or ()),
            tuple(videos or ()),
            script=tuple(script or ()),
            provider=provider,
            count=count,
        )
        return self.proposer.propose(draft)
