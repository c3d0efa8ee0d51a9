"""Pairs of a source and a claim: what is stated, and what only sounds like it."""

import pytest

from agent.grounding.review import Review
from tools.evidence import of_passage
from tools.media import Evidence, Utterance, evidence_id

VIDEO = "a" * 16
SPEAKER = "Kim"


def _verdict(source: str, claim: str, is_screen: bool = False) -> str:
    if is_screen:
        id = evidence_id("screen", VIDEO, 10.0, 18.0)
        one = Evidence(id, VIDEO, 10.0, 18.0, "screen", source, source="text")
    else:
        one = of_passage([Utterance(VIDEO, 10.0, 18.0, source, SPEAKER, "subtitles")], None)
    made = Review([one.id], (), {one.id: one}, {VIDEO: "The film"}).claim(f"{claim} [e1].")[1]
    return made.verdict if made else ""


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("The dog bit the man.", "The dog bit the man"),
        ("Ten minutes in, Lee passed to Milo.", "Lee passed to Milo ten minutes in"),
        ("We moved the maps in May.", "Kim says that they moved the maps in May"),
        ("My sister sold the house.", "Kim's sister sold the house"),
        (
            "Tighten the lower screws before fitting the glass.",
            "The lower screws are tightened before fitting the glass",
        ),
        ("The trip takes half an hour.", "The trip takes 30 minutes"),
        ("The train leaves at half past nine.", "The train leaves at 9:30"),
        ("The wire is two kilometres long.", "The wire is 2,000 m long"),
        ("It's not my bike, but I ride it.", 'Kim says "it\'s not my bike"'),
        ("Does the dam hold? Nobody knows.", "Nobody knows whether the dam holds"),
        ("We can finish by May.", 'Kim says "we can finish by May"'),
    ],
)
def test_what_is_stated_in_these_words_is_verified(source: str, claim: str) -> None:
    assert _verdict(source, claim) == "verified"


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("My cousin says, the lake has no bottom.", "The speaker says the lake has no bottom"),
        ("The dog bit the man.", "The man bit the dog"),
        ("The dog bit the man.", "The dog was bitten"),
        ("The dog bit the man.", "The man was bitten by a cat"),
        ("Anna told Ben that Carl sang and danced.", "Anna danced"),
        ("Anna met Ben. He fell.", "Ben fell"),
        ("Anna met Ben. She fell.", "Ben fell"),
        ("The box is in the bag.", "The bag is in the box"),
        (
            "Flights from Oslo to Rome take three hours.",
            "Flights from Rome to Oslo take three hours",
        ),
        ("Oslo is colder than Rome.", "Rome is colder than Oslo"),
        ("She sold the house to Kim.", "Kim sold the house to her"),
        ("Austria beat Hungary in 1931.", "Australia beat Hungary in 1931"),
        (
            "In 1931 Austria beat Hungary, and in 1934 Hungary beat Austria.",
            "In 1934 Austria beat Hungary",
        ),
        ("The first took two hours and the second took five.", "The first took five"),
        ("The first took two hours and the second took five.", "The first took five hours"),
        ("We almost won.", "They won"),
        ("I doubt we won.", "Kim says they won"),
        ("We won, I think.", "They won"),
        ("We won, or so they told us.", "They won"),
        ("We won, if you believe the papers.", "They won"),
        ("By all accounts, we won.", "They won"),
        ("In theory the bridge holds forty tonnes.", "The bridge holds forty tonnes"),
        ("The idea that the bridge holds forty tonnes is old.", "The bridge holds forty tonnes"),
        ("Nobody says the bridge holds.", "The bridge holds"),
        ("The bridge holds only when it is dry.", "The bridge holds"),
        ("The bridge holds; at least that's the theory.", "The bridge holds"),
        ("Let's say the bridge holds forty tonnes.", "The bridge holds forty tonnes"),
        ("The bridge holds, right?", "The bridge holds"),
        ("Does the bridge hold? Forty tonnes.", "The bridge holds forty tonnes"),
        ("The bridge was going to hold forty tonnes.", "The bridge holds forty tonnes"),
        ("The bridge was supposed to open in May.", "The bridge opened in May"),
        ("Mix the flour, then add the eggs.", "Add the eggs, then mix the flour"),
        ("The rope jammed, so we came out late.", "They came out late, so the rope jammed"),
        ("Before the war the mill ground flour.", "After the war the mill ground flour"),
        ("Lee says Kim left.", "Kim says Lee left"),
        ("The roof costs nine pounds and the door four.", "The door costs nine pounds"),
        ("The old pump is louder than the new one.", "The new pump is louder than the old one"),
        ("They accuse the mayor of selling the park.", "The mayor sold the park"),
        ("The mayor denied that the park was sold.", "The park was sold"),
        ("It would be wrong to say the park was sold.", "The park was sold"),
        ("Had the park been sold, we would know.", "The park was sold"),
        ("Imagine the park is sold.", "The park is sold"),
        ("Some of the houses were sold.", "All of the houses were sold"),
        ("Some of the houses were sold.", "The houses were sold"),
        ("Few houses were sold.", "Houses were sold"),
        ("Without salt, the dough rises.", "The dough rises"),
        ("The dough rises without salt.", "The dough rises"),
        ("A good friend of Anna wrote the song.", "Anna wrote the song"),
        ("Anna's brother wrote the song.", "Anna wrote the song"),
        ("The man who sued Anna won.", "Anna won"),
        ("The man who sued Anna won.", "The man sued Anna and lost"),
        ("If you ask me whether the dam holds, I can't tell.", "Kim says the dam holds"),
        ("Does the dam hold? Nobody knows.", "Kim says the dam holds"),
        ("Does the dam hold? Everybody knows.", "Nobody knows whether the dam holds"),
        (
            "Does the dam leak? Nobody asked. Is it tall? Nobody knows.",
            "Nobody knows whether the dam leaks",
        ),
        ("We can't finish by May.", 'Kim says "we can finish by May"'),
        ("I never said we can finish by May.", 'Kim says "we can finish by May"'),
        ("If it stays dry we can finish by May.", 'Kim says "we can finish by May"'),
        ("My boss claims we can finish by May.", 'Kim says "we can finish by May"'),
        ("We can finish by May.", 'Lee says "we can finish by May"'),
        ("We can finish by May.", "The mayor says they can finish by May"),
        ("We can finish by May.", "Kim denies that they can finish by May"),
        ("We can finish by May.", 'Kim does not say "we can finish by May"'),
        ("It takes 2 km of rope.", "It takes 200 m of rope"),
        ("It weighs half a kilo.", "It weighs half a pound"),
        ("It runs thirty miles an hour.", "It runs thirty kilometres an hour"),
        ("The second train left at five.", "The fifth train left at two"),
        ("It lasted two hours.", "It lasted two minutes"),
        ("She finished fourth of nine.", "She finished ninth of four"),
        ("In May the rent rose, in June it fell.", "In June the rent rose"),
        ("In May the rent rose, in June it fell.", "In May the rent fell"),
        ("In May the rent rose and the wages fell.", "In May the wages rose"),
        ("Lee gave the ring to Milo, and Milo gave it to Ana.", "Lee gave the ring to Ana"),
        ("Lee, who hates Milo, won.", "Milo won"),
        ("Lee, not Milo, won.", "Milo won"),
        ("Not Lee but Milo won.", "Lee won"),
        ("Neither Lee nor Milo won.", "Milo won"),
        ("Either Lee or Milo won.", "Milo won"),
        ("Lee or Milo won.", "Lee won"),
        ("Almost everyone left.", "Everyone left"),
        ("Hardly anyone left.", "Anyone left"),
        ("The vote could have passed.", "The vote passed"),
        ("The vote would pass if Lee agreed.", "The vote would pass"),
        ("The vote passed in one house.", "The vote passed in both houses"),
        ("The vote is expected to pass.", "The vote passes"),
        ("They were told to leave.", "They left"),
        ("They tried to leave.", "They left"),
        ("They refused to leave.", "They left"),
        ("Nobody can leave before nine.", "They can leave before nine"),
        ("The book says that glass is a liquid. It isn't.", "Glass is a liquid"),
        ("Glass is a liquid, my teacher used to say.", "Glass is a liquid"),
        ("Glass is a liquid, that's what my teacher said.", "Glass is a liquid"),
        ("Glass, my teacher said, is a liquid.", "Glass is a liquid"),
        ("Glass is a liquid. That's nonsense.", "Glass is a liquid"),
        ("People will tell you glass is a liquid.", "Glass is a liquid"),
        ("There's a story that glass is a liquid.", "Glass is a liquid"),
        ("Until 1950, glass was a liquid in every textbook.", "Glass was a liquid"),
        ("As a child I was sure glass was a liquid.", "Glass was a liquid"),
        ("Glass would be a liquid then.", "Glass is a liquid"),
        ("Don't shut the valve.", "The valve is shut"),
        ("Don't shut the valve.", "The valve is to be shut"),
        ("Shut the valve, not the tap.", "The tap is to be shut"),
        ("Lee shut Milo out.", "Milo shut Lee out"),
        ("Lee shut Milo out.", "Lee was shut out"),
        ("Lee was beaten by Milo.", "Lee beat Milo"),
        ("Lee was beaten.", "Lee has beaten"),
    ],
)
def test_what_has_only_the_words_is_not_verified(source: str, claim: str) -> None:
    assert _verdict(source, claim) != "verified"


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("High water 06:12 (4.9 m) · Low water 12:31 (0.7 m)", "High water is at 12:31"),
        ("High water 06:12 (4.9 m) · Low water 12:31 (0.7 m)", "Low water is at 06:12"),
        ("Adults £8, children £4", "Adults pay £4"),
        ("Adults £8, children £4", "Children £8"),
        ("Room 4B: Bassoon · Room 4D: Double bass", "Room 4B is for the double bass"),
        ("Room 4B: Bassoon · Room 4D: Double bass", "Room 4D is for the bassoon"),
        ("19:00 Welcome (Chair) · 19:20 Dog fouling (Cllr Nwosu)", "Dog fouling is by the Chair"),
        ("19:00 Welcome (Chair) · 19:20 Dog fouling (Cllr Nwosu)", "The welcome is at 19:20"),
        ("Open Monday to Friday, closed Saturday", "It is open on Saturday"),
        ("Closed Saturday, open Sunday", "It is open on Saturday"),
        ("Red: stop. Green: go.", "Red means go"),
        ("A→B 20 min, B→C 40 min", "A to B takes 40 minutes"),
        ("Not for children under 3", "For children under 3"),
        ("Step 1: mix. Step 2: bake.", "Step 1 is to bake"),
    ],
)
def test_labels_of_a_screen_are_not_exchanged(source: str, claim: str) -> None:
    assert _verdict(source, claim, is_screen=True) != "verified"
