"""Generation requests: proposed, moderated, priced, approved by a person, run, checked, shown."""
