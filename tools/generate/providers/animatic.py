class Animatic:
    name = "animatic"
    model = ""
    local = True
    kinds = frozenset(
        {
            "teaser",
            "ad",
            "captions",
            "narration",
            "text_to_video",
            "image_to_video",
            "video_to_video",
        }
    )

    def __init__(self, library): ...
    def price(self, request):
        return 0.0

    def leaves(self, request):
        return []
