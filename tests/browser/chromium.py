"""What headless Chromium makes of pages: what they show, in which colours, and whether they run or load anything.

Pages are served by a server on the loopback interface and opened one after the other in a frame of a page of ours,
whose script reads the frame's document and sends what it finds back to the server. So nothing but Chromium is needed,
the pages are looked at unchanged, and every request that one of them makes is seen.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List, Optional, Tuple

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1000,900",
)  # fmt: skip
TIME_LIMIT = 120  # seconds for all pages of one call

_LOOKER = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script>
const pause = (time) => new Promise((done) => setTimeout(done, time));

function before(container, element) {  // how many characters of the container stand before the element
  const range = container.ownerDocument.createRange();
  range.setStart(container, 0);
  range.setEndBefore(element);
  return Array.from(range.toString()).length;
}

function painted(container) {
  const view = container.ownerDocument.defaultView;
  return Array.from(container.querySelectorAll("span")).map((span) => {
    const box = span.getBoundingClientRect(), style = view.getComputedStyle(span), start = before(container, span);
    return {text: span.textContent, start, end: start + Array.from(span.textContent).length, title: span.title,
      color: style.backgroundColor, opacity: style.opacity, box: [box.left, box.top, box.width, box.height]};
  });
}

async function look(number) {
  window.ran = undefined;
  const frame = document.createElement("iframe");
  frame.width = 980;
  frame.height = 800;
  frame.src = "/page/" + number;
  const loaded = new Promise((done) => { frame.onload = done; });
  document.body.append(frame);
  await loaded;
  await pause(SETTLE);
  const page = frame.contentDocument, view = frame.contentWindow;
  const all = page ? Array.from(page.querySelectorAll("body, body *")) : [];
  const paragraphs = page ? Array.from(page.querySelectorAll("p")) : [];
  const seen = {
    ran: Boolean(window.ran || (page && view.ran)),
    title: page ? page.title : "",
    text: page && page.body ? page.body.textContent : "",
    elements: Array.from(new Set(all.map((element) => element.tagName.toLowerCase()))),
    attributes: Array.from(new Set(all.flatMap((element) => element.getAttributeNames()))),
    paragraphs: paragraphs.filter((p) => view.getComputedStyle(p).whiteSpace.startsWith("pre-wrap"))
      .map((p) => ({text: p.textContent, direction: view.getComputedStyle(p).direction, painted: painted(p)})),
  };
  await fetch("/seen/" + number, {method: "POST", body: JSON.stringify(seen)});
  frame.remove();
}

(async () => {
  for (let number = 0; number < COUNT; number++) await look(number);
  await fetch("/done", {method: "POST"});
})();
</script>"""


@dataclass(frozen=True)
class Painted:
    """One span of a painted paragraph, with its place in the paragraph's text."""

    text: str
    start: int
    end: int
    title: str
    color: Tuple[float, ...]
    """Red, green, blue (0 to 255), and where it is not 1 the alpha."""
    opacity: float
    box: Tuple[float, ...]
    """Left, top, width, height in pixels."""

    @property
    def hue(self) -> str:
        """ "green", "red", "blue" or "none"."""
        if len(self.color) > 3 and self.color[3] == 0:
            return "none"
        red, green, blue = self.color[:3]
        if max(red, green, blue) - min(red, green, blue) < 2:
            return "none"
        return {red: "red", green: "green", blue: "blue"}[max(red, green, blue)]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph whose white space is kept: a document of an explanation."""

    text: str
    direction: str
    painted: List[Painted]


@dataclass(frozen=True)
class Seen:
    """What the browser made of one page."""

    ran: bool
    """True where a script of the page set `ran` on its window or the one above."""
    title: str
    text: str
    elements: List[str]
    """The names of all elements of the body."""
    attributes: List[str]
    """The names of all their attributes."""
    paragraphs: List[Paragraph]
    requests: List[str]
    """The paths that the page asked the server for."""


def find_chromium() -> Optional[str]:
    """The Chromium to use: $CHROMIUM, or the first of the usual names on the PATH."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def look_at(executable: str, pages: Dict[str, str], settle: int = 100) -> Dict[str, Seen]:
    """Open each page in Chromium and say what is there `settle` milliseconds after it was loaded."""
    names = list(pages)
    server = _Server([pages[name] for name in names], settle)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            _browse(executable, profile, server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    return {name: _as_seen(server.seen[number], server.requests_of(number)) for number, name in enumerate(names)}


def _browse(executable: str, profile: str, server: "_Server") -> None:
    with open(os.path.join(profile, "output"), "w+", errors="replace") as output:
        process = subprocess.Popen(
            [executable, *FLAGS, f"--user-data-dir={profile}/data", f"http://127.0.0.1:{server.server_port}/"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            if not server.done.wait(TIME_LIMIT):
                output.seek(0)
                raise RuntimeError(
                    f"Chromium looked at {len(server.seen)} of {len(server.pages)} pages in {TIME_LIMIT} s: "
                    f"{output.read()[-2000:]}"
                )
        finally:
            # Chromium is a group of processes, which the wrapper script that started it may outlive.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _as_seen(found: Dict[str, Any], requests: List[str]) -> Seen:
    paragraphs = [
        Paragraph(
            paragraph["text"],
            paragraph["direction"],
            [_as_painted(span) for span in paragraph["painted"]],
        )
        for paragraph in found.pop("paragraphs")
    ]
    return Seen(paragraphs=paragraphs, requests=requests, **found)


def _as_painted(span: Dict[str, Any]) -> Painted:
    numbers = span["color"].partition("(")[2].rstrip(")").split(",")
    return Painted(
        **{
            **span,
            "color": tuple(map(float, numbers)),
            "opacity": float(span["opacity"]),
            "box": tuple(span["box"]),
        }
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, pages: List[str], settle: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.looker = _LOOKER.replace("COUNT", str(len(pages))).replace("SETTLE", str(settle))
        self.seen: Dict[int, Dict[str, Any]] = {}
        self.asked: List[Tuple[str, str]] = []  # (path, page that asked)
        self.done = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a page that goes away breaks the connections of its requests, which were noted before."""

    def requests_of(self, number: int) -> List[str]:
        return [path for path, asking in self.asked if asking == f"/page/{number}"]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(self.server.looker)
            return
        kind, _, number = self.path[1:].partition("/")
        if kind == "page" and number.isdecimal():
            self._answer(self.server.pages[int(number)])
            return
        self._note()
        self._answer("", 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/done":
            self._answer("")
            self.server.done.set()
            return
        if self.path.startswith("/seen/"):
            self.server.seen[int(self.path.rpartition("/")[2])] = json.loads(body)
        else:
            self._note()
        self._answer("")

    def _note(self) -> None:
        referrer = self.headers.get("Referer", "")
        self.server.asked.append((self.path, "/" + referrer.partition("//")[2].partition("/")[2]))

    def _answer(self, page: str, status: int = 200) -> None:
        content = page.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Nothing: what matters is kept."""
