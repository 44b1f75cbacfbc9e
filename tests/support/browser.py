"""A browser of few words: keeps cookies, follows redirects, sends the forms of a page as they stand there."""

import http.client
from html.parser import HTMLParser
from itertools import count
from urllib.parse import urlencode, urlsplit

_ADDRESSES = count()


class Page(HTMLParser):
    """What a page says: its text, and its forms as (action, fields, buttons)."""

    def __init__(self, text):
        super().__init__()
        self.text, self.forms, self.tags, self._form = "", [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag == "form":
            self._form = {
                "action": attrs.get("action"),
                "method": attrs.get("method"),
                "fields": {},
                "inputs": [],
            }
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None and attrs.get("type") == "hidden":
            self._form["fields"][attrs["name"]] = attrs.get("value", "")
        elif tag in ("input", "select", "option") and self._form is not None:
            self._form["inputs"].append((tag, attrs))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None

    def handle_data(self, data):
        self.text += data


class Answer:
    """Status, headers and body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.cookies = response.headers.get_all("set-cookie") or []

    @property
    def text(self):
        return self.body.decode()

    @property
    def page(self):
        return Page(self.text)


class Browser:
    """One device at `port`."""

    def __init__(self, port, language="en"):
        self.port, self.cookies, self.language = port, {}, language
        self.move()

    def move(self):
        """Take another address of this computer: limits count by address."""
        number = next(_ADDRESSES)
        self._address = f"127.1.{number // 250}.{number % 250 + 1}"

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, **headers):
        """One request; a header given as None is left out."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=600, source_address=(self._address, 0)
        )
        own = {"Accept-Language": self.language, "Host": f"127.0.0.1:{self.port}"}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            own |= {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in own.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None and "Content_Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = Answer(connection.getresponse())
        connection.close()
        for line in answer.cookies:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def post(self, path, fields, **headers):
        return self.request("POST", path, urlencode(fields).encode(), **headers)

    def follow(self, answer):
        while answer.status == 303:
            answer = self.get(urlsplit(answer.headers["location"]).path)
        return answer

    def submit(self, path, action, number=0, **fields):
        """Open the page at `path` and send its form to `action` (the `number`th of these)."""
        forms = [
            form for form in self.get(path).page.forms if (form["action"], form["method"]) == (action, "post")
        ]
        return self.post(action, {**forms[number]["fields"], **fields})
