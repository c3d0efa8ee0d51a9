"""Types of the arguments that capabilities share, with descriptions for a model."""

from typing import Annotated

from pydantic import Field

Query = Annotated[str, Field(min_length=1, max_length=400, description="What to look for.")]
Videos = Annotated[
    list[str] | None, Field(description="Ids of the videos to search; all of them without it.")
]
VideoId = Annotated[str, Field(description="The id of one video.")]
Second = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Time = Second | Annotated[str, Field(max_length=40)]
"""Seconds of a video; a text is them, [H:]MM:SS, or a time by its clock in ISO 8601."""
Start = Annotated[Time | None, Field(description="From this second, or ISO local time, on.")]
End = Annotated[Time | None, Field(description="Before this second, or ISO local time.")]
At = Annotated[
    str | None,
    Field(max_length=100, description='Only at times of day: "2 PM to 4 PM", "yesterday 14:05".'),
]
Labels = Annotated[
    list[str] | None, Field(max_length=20, description="Actions it may be; 20 at most.")
]
Region = Annotated[
    list[float] | None,
    Field(description="left, top, right, bottom as shares of the picture, 0 to 1; [0, 0.5, 1, 1]."),
]
Label = Annotated[
    str, Field(max_length=100, description="person, car, vehicle, dog …; empty for any.")
]
Colour = Annotated[str, Field(max_length=40, description="red, white, black …; empty for any.")]
AreaName = Annotated[
    str, Field(max_length=60, description="Name of a zone or line; empty for the whole picture.")
]
Limit = Annotated[int, Field(ge=1, le=50, description="At most so many results.")]
