"""The ways in which people ask. {} fields are filled from the truth of a film."""

ASKED: dict[str, tuple[str, ...]] = {
    # what was said
    "about": (
        "What is said about {it}?",
        "What do they say about {it}?",
        "What do we learn about {it}?",
        "Tell me about {it}.",
    ),
    "said at": ("What is said at {t}?", "What are they saying at {t}?", "What do they say at {t}?"),
    # what is written
    "number": (
        "What is the number of the {label}?",
        "What number does the {label} have?",
        "Which {label} number is on the sign?",
        "Which {label} is written on the sign?",
    ),
    "sign price": (
        "What price is on the sign for the {label}?",
        "How much are the {label} according to the sign?",
        "What price is shown for the {label}?",
        "What does the sign say the {label} cost?",
    ),
    "name tag": (
        "Which name is shown for the {label}?",
        "What is the name of the {label} on the screen?",
        "Who is the {label} according to the text on screen?",
    ),
    "read at": (
        "What is written on the screen at {t}?",
        "What does the sign say at {t}?",
        "What can I read at {t}?",
        "What text is on screen at {t}?",
    ),
    # when
    "mentioned": (
        "When is {it} mentioned?",
        "When do they talk about {it}?",
        "At what point does {it} come up?",
        "Where in the video is {it} mentioned?",
        "When does somebody mention {it}?",
    ),
    "shown": (
        'When does the text "{text}" appear?',
        'When is "{text}" on screen?',
        'When can you read "{text}"?',
        'At what time is "{text}" shown?',
    ),
    "clock": ("What time does the clock show at {t}?", "What does the clock say at {t}?"),
    # what is seen
    "mostly": (
        "When is the picture mostly {colour}?",
        "Which part is mostly {colour}?",
        "When is the background {colour}?",
        "When do we see a {colour} background?",
        "Where is it {colour}?",
    ),
    "background": ("What colour is the background at {t}?", "Which colour is the picture at {t}?"),
    "shape": (
        "When does the {colour} {form} appear?",
        "When do we see a {colour} {form}?",
        "When is there a {colour} {form}?",
        "When does a {colour} {form} move through the picture?",
    ),
    "darkest": ("When is it darkest?", "Which part is the darkest?", "Where is the darkest scene?"),
    "brightest": (
        "When is it brightest?",
        "Which is the brightest part?",
        "Where is the brightest scene?",
    ),
    # in which order
    "first of": (
        "Which comes first, {a} or {b}?",
        "What is mentioned first, {a} or {b}?",
        "What do they talk about first, {a} or {b}?",
    ),
    "after": (
        "What is said after {it}?",
        "What do they say right after they mention {it}?",
        "What is said right after {it} is mentioned?",
    ),
    "before": (
        "What is said before {it}?",
        "What do they say right before they mention {it}?",
        "What is said just before {it} is mentioned?",
    ),
    "first said": (
        "What is the first thing that is said?",
        "What do they say first?",
        "What is said at the beginning?",
    ),
    "last said": (
        "What is the last thing that is said?",
        "What do they say last?",
        "What is said at the end?",
    ),
    "last read": (
        "What is the last text on screen?",
        "Which text is shown last?",
        "What is written at the end?",
    ),
    "first read": (
        "What is the first text on screen?",
        "Which text is shown first?",
        "What is written at the beginning?",
    ),
    # how often
    "how often": (
        "How many times is {it} mentioned?",
        "How often is {it} mentioned?",
        "How often do they mention {it}?",
        "How many times do they talk about {it}?",
        "How often does {it} come up?",
    ),
    "signs": (
        'How many times does "{text}" appear?',
        'How often is "{text}" shown?',
        'How many times can you read "{text}"?',
    ),
    # about the video
    "length": (
        "How long is the video?",
        "How long does the video last?",
        "What is the length of the video?",
        "How many seconds does the video have?",
    ),
    "scenes": (
        "How many scenes does the video have?",
        "How many scenes are there?",
        "What is the number of scenes?",
    ),
    "cuts": (
        "How many cuts are there?",
        "How many cuts does the video have?",
        "How often does it cut?",
    ),
    "recorded": (
        "When was the video recorded?",
        "On what day was this filmed?",
        "What is the date of the recording?",
        "When was this shot?",
    ),
    "size": (
        "What is the resolution of the video?",
        "How many pixels does the picture have?",
        "What resolution does it have?",
    ),
    "title": (
        "What is the name of the video?",
        "What is the video called?",
        "What is this video called?",
    ),
    # sounds
    "loud": (
        "When is there a loud noise?",
        "When do you hear a loud sound?",
        "When does it get loud?",
        "When is it loud?",
    ),
    "loudest": (
        "When is it loudest?",
        "Where is the loudest part?",
        "When is the loudest sound?",
        "What is the loudest moment?",
    ),
    "silent": (
        "When is it silent?",
        "When is there no sound?",
        "When is it completely quiet?",
        "Where is the quietest part?",
    ),
    "how loud": (
        "How many loud noises are there?",
        "How many times is there a loud sound?",
        "How often does it get loud?",
    ),
    # going on
    "when that": (
        "When was that?",
        "When is that said?",
        "At what time was that?",
        "And when do they say that?",
    ),
    "said there": (
        "What is said there?",
        "What was said there?",
        "And what do they say there?",
        "What are they saying then?",
    ),
    "later": ("And ten seconds later?", "What about 10 seconds later?", "ten seconds later?"),
    "next": (
        "And after that?",
        "What comes next?",
        "What do they say after that?",
        "And what is said next?",
    ),
    "previous": ("And before that?", "What was said before that?", "What came before that?"),
    "other": ("And in the other video?", "What about the other video?", "in the other one?"),
    "and": ("And the {it}?", "What about the {it}?", "and for the {it}?"),
    "and colour": ("And {it}?", "What about {it}?", "And when is it {it}?"),
    "second": (
        "What is said the second time?",
        "What was the second one?",
        "And the second one?",
        "What do they say the second time?",
    ),
    "last": ("And the last one?", "What is said the last time?", "And the last time?"),
    "it often": (
        "How often is it mentioned?",
        "How many times is it mentioned?",
        "And how often in all?",
    ),
    "written there": (
        "What is written there?",
        "What is on the screen there?",
        "Which sign can you see there?",
        "And what can you read at that moment?",
    ),
    "why": ("Why do you think so?", "How do you know?", "Are you sure?"),
    "first sound": ("When is the first one?", "And the first one?", "When was the first?"),
    "last sound": ("When is the last one?", "And the last one?", "When was the last?"),
    "and scenes": (
        "And how many scenes does it have?",
        "How many scenes are in it?",
        "And how many scenes?",
    ),
    "and length": ("And how long is it?", "How long is it?", "And the length?"),
    "colour there": ("What colour is the picture there?", "Which colour is the background there?"),
    # what cannot be told
    "seen": (
        "When can you see a {it}?",
        "When does a {it} appear?",
        "Is there a {it} to be seen?",
        "Where is the {it}?",
    ),
    "heard": (
        "When can you hear the {it}?",
        "When does the {it} make a sound?",
        "Where do I hear a {it}?",
    ),
    "said of repeated": (
        "How old is the {it}?",
        "Who owns the {it}?",
        "How much does the {it} cost?",
        "What is the {it} called?",
    ),
    "time of repeated": (
        "At what time does the {it} arrive?",
        "When was the {it} bought?",
        "In which year did the {it} come here?",
    ),
    "seen of repeated": (
        "What colour is the {it}?",
        "How big is the {it}?",
        "What does the {it} look like?",
    ),
    "count of repeated": (
        "How many people work with the {it}?",
        "How many visitors does the {it} have?",
        "How many photos were taken of the {it}?",
    ),
    "of number": (
        "What colour is the {it}?",
        "Who is waiting at the {it}?",
        "When does the {it} open?",
    ),
    "of price": ("Who sells the {it}?", "Where do the {it} come from?", "How many {it} are left?"),
    "of noise": (
        "What causes the loud noise?",
        "Who makes the loud noise?",
        "Why is there a loud noise?",
    ),
    "of video": (
        "Who directed the video?",
        "Which camera was the video filmed with?",
        "Who filmed this?",
        "What did the video cost to make?",
    ),
}
