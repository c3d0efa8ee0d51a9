"""HTTP for programs: questions, search and videos as the contract's JSON."""
