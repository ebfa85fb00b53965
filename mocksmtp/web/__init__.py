"""What people read in a browser or a terminal: the report, and the page.

**The page** consists of screens. It is rendered on the service and readable without
JavaScript; ES modules keep it current. How a screen is made:

URLs
    ``/`` is the overview, all other screens are below ``/ui/``: ``/ui/deliveries``,
    ``/ui/timeline``, ``/ui/mails``, ``/ui/mails/{id}``, ``/ui/behaviors``,
    ``/ui/behaviors/new?line=…&host=…`` (a behavior for this line of a transcript),
    ``/ui/dns``, ``/ui/hosts``. They never collide with routes of the API. `SCREENS` in
    `mocksmtp.web.shell` is the navigation.

Modules
    ``mocksmtp/web/NAME.py`` makes what a screen shows, from values; it imports neither
    Twisted nor the API. ``mocksmtp/web/templates/ui/NAME.html`` extends
    ``ui/base.html`` and fills its blocks ``title`` and ``main``.
    ``mocksmtp/http/screens/NAME.py`` has the handlers and ``ROUTES``; it collects the
    entries with the listings of the API, in slices, and ends with ``return await
    send_screen(call, "ui/NAME.html", name=value, …)``. Its module has a row in
    ``mocksmtp/http/screens/__init__.py``. Classes of query parameters have a group
    `mocksmtp.http.screens.serving.PartParameters`.

Parts
    A part is an element that is fetched again when something has changed::

        <div data-part="rows" data-on="mail session">
        {% block rows %}…{% endblock %}
        </div>

    ``data-on`` names the kinds of events that concern it. The URL of a part is that of
    the screen with ``part=NAME`` (or ``part=NAME,OTHER``): the server renders the block
    of this name alone, so the block must not use variables or imports from around it;
    globals and what the handler passes are available. In the page the new elements are
    merged into the old ones, matched by ``id``: give each row one. Focus, selection,
    scroll position, open ``<details>`` and fields with input are kept. The merge leaves
    an element with ``data-keep`` and what it contains as it is. A part that contains
    an element with ``data-again`` is fetched again soon, also without an event.

Actions
    ``{{ ui.action(shell, "Delete", "DELETE", "/smtpMails/7") }}`` is a button that
    sends a request to the API, with "copy as curl" beside it; see ``ui/macros.html``.
    Errors of the API appear below the button, with their paths.

Keys
    ``j`` and ``k`` move between elements with ``data-row``, ``Enter`` opens (the first
    link with ``data-open`` in the row, or its ``<details>``), ``/`` goes to the field
    with ``data-search``, ``Esc`` follows the link with ``data-close`` or closes what is
    open. Any other letter clicks ``[data-key="d"]``: in the current row, otherwise
    outside of all rows. ``?`` lists the keys.

Text from outside
    goes through the filter ``shown`` (``{{ subject|shown }}``), which replaces controls
    and isolates the direction. No inline style and no inline script: the
    Content-Security-Policy refuses both (SVG has attributes for positions).

Style
    ``mocksmtp/web/static/page.css``: tokens at the top, then elements, then components.
    A screen that needs more has its own ``NAME.css`` and names it in the block
    ``head``: ``<link rel="stylesheet" href="{{ shell.static("NAME.css") }}">``. It may
    likewise have a ``NAME.js``. All files in ``static`` together stay below 100 KiB.

Tests
    ``tests/browser/test_NAME.py``, with `tests.browser.case.BrowserCase`.
"""
