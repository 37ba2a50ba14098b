"""webdriver.py - a browser driven over the WebDriver protocol (W3C), with
nothing but the standard library. Runs chromedriver on a free port."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class PageError(Exception):
    """The page is not as expected: nothing to click, an error in a script."""


# The other errors of the protocol are about the browser or its driver.
OF_PAGE = ("no such element", "element not interactable", "javascript error",
           "element click intercepted", "stale element reference")


class Browser:
    def __init__(self, width=1280, height=900, scripts=True):
        self.home = tempfile.mkdtemp(prefix="browser.")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "HOME": self.home})
        self.session = None
        self.base = None
        for line in self.driver.stdout:
            if "on port " in line and "successfully" in line:
                port = line.split("on port ")[1].split(".")[0].split()[0]
                self.base = "http://127.0.0.1:" + port
                break
        if self.base is None:
            raise RuntimeError("chromedriver did not start")
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking",
                     "--user-data-dir=" + self.home,
                     "--window-size=%d,%d" % (width, height)]}
        if not scripts:
            options["prefs"] = {
                "profile.managed_default_content_settings.javascript": 2}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/session/" + made["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *what):
        try:
            if self.session:
                self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.driver.stdout.close()
            shutil.rmtree(self.home, ignore_errors=True)

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            self.base + path, data=data, method=method,
            headers={"Content-Type": "application/json"})
        # Never through a proxy: this is our own machine.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as e:
            value = json.load(e)["value"]
            kind = PageError if value["error"] in OF_PAGE else RuntimeError
            raise kind(value["message"]) from None

    def post(self, path, **body):
        return self.call("POST", self.session + path, body)

    def open(self, path):
        self.post("/url", url="file://" + os.path.abspath(path))

    def js(self, text, *args):
        return self.post("/execute/sync", script=text, args=list(args))

    def find(self, css):
        return self.post("/element", using="css selector", value=css)[ELEMENT]

    def click(self, css):
        self.post("/element/%s/click" % self.find(css))

    def keys(self, css, text):
        self.post("/element/%s/value" % self.find(css), text=text)

    def text(self, css):
        return self.call("GET", "%s/element/%s/text"
                         % (self.session, self.find(css)))

    def texts(self, css):
        return self.js("return Array.from(document.querySelectorAll("
                       "arguments[0]), e => e.textContent)", css)

    def log(self):
        return self.post("/se/log", type="browser")

    def cdp(self, command, **params):
        return self.post("/goog/cdp/execute", cmd=command, params=params)

    def dark(self, on):
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if on else "light"}])

    def picture(self, path, whole=True):
        shot = self.cdp("Page.captureScreenshot", format="png",
                        captureBeyondViewport=whole)
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def pdf(self, path):
        page = self.cdp("Page.printToPDF", preferCSSPageSize=True,
                        paperWidth=8.27, paperHeight=11.69)
        with open(path, "wb") as f:
            f.write(base64.b64decode(page["data"]))
