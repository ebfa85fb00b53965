"""Problem documents (RFC 9457)"""

from __future__ import annotations

import orjson
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.http.problems import HttpProblem, not_found, refused_document


class ProblemTests(SynchronousTestCase):
    """What an error says"""

    def test_the_document(self) -> None:
        """Type, title, status and detail; errors where there are some."""
        self.assertEqual(
            orjson.loads(not_found("gone fishing").body),
            {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "gone fishing",
            },
        )
        problem = HttpProblem(400, "no", (Problem("$[0]", "é"),))
        self.assertEqual(
            orjson.loads(problem.body)["errors"], [{"path": "$[0]", "message": "é"}]
        )

    def test_a_refused_document(self) -> None:
        """The first error is told in words, and all with their places."""
        error = DocumentError(Problem("$.a", "no"), Problem("$.b", "neither"))
        for problem, status in (
            (refused_document(error), 400),
            (refused_document(error, 409), 409),
        ):
            self.assertEqual(problem.status, status)
            self.assertEqual(problem.detail, "$.a: no; and 1 more")
            self.assertEqual(problem.errors, error.problems)
