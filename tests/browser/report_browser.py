#!/usr/bin/env python3
"""report_browser.py FILE: open a report of tests/report_fixture.h in a real
browser, use it as a reader would, and fail where it does not do what it says.
Needs chromium and chromedriver, nothing else. Exit status 1: a check failed."""
import sys
import traceback

from webdriver import Browser, PageError

failed = []


def check(label, got, want):
    if got == want:
        print("  ok: " + label)
    else:
        failed.append(label)
        print("  FAILED: %s\n    got:  %r\n    want: %r" % (label, got, want))


# WCAG 2.1, 1.4.3: 4.5 to 1 for text. Backgrounds are the nearest opaque ones.
CONTRAST = """
function parse(c) { return c.match(/[\\d.]+/g).map(Number); }
function light(c) {
	var v = c.slice(0, 3).map(function (x) {
		x /= 255;
		return x <= .03928 ? x / 12.92 : Math.pow((x + .055) / 1.055, 2.4);
	});
	return .2126 * v[0] + .7152 * v[1] + .0722 * v[2];
}
var poor = [];
document.querySelectorAll('body *').forEach(function (e) {
	var own = Array.from(e.childNodes).some(function (n) {
		return n.nodeType === 3 && n.nodeValue.trim();
	});
	if (!own || !e.getClientRects().length || e.closest('.skip, script'))
		return;
	var back = e, c = getComputedStyle(e), b;
	do {
		b = parse(getComputedStyle(back).backgroundColor);
		back = back.parentElement;
	} while (b.length === 4 && b[3] === 0 && back);
	var l1 = light(parse(c.color)), l2 = light(b);
	var ratio = (Math.max(l1, l2) + .05) / (Math.min(l1, l2) + .05);
	if (ratio < 4.5)
		poor.push(e.tagName + ' ' + e.textContent.slice(0, 30) + ' ' +
		    ratio.toFixed(2));
});
return poor;
"""

INK = """
/* How many pixels of a chart's canvases are drawn on. */
return Array.from(document.querySelectorAll('.plot'), function (plot) {
	return Array.from(plot.querySelectorAll('canvas')).reduce(
	    function (n, canvas) {
		var d = canvas.getContext('2d').getImageData(0, 0,
		    canvas.width, canvas.height).data;
		for (var i = 3; i < d.length; i += 4)
			n += d[i] ? 1 : 0;
		return n;
	}, 0);
});
"""

VISIBLE = ("return Array.from(document.querySelectorAll(arguments[0]))"
           ".filter(e => e.checkVisibility()).length")


def column(b, table, n):
    return b.js("return Array.from(document.querySelectorAll(arguments[0] + "
                "' tbody tr:not(.out):not(.cut)'),"
                "tr => tr.cells[arguments[1]].textContent)", table, n)


def check_start(b):
    check("title", b.js("return document.title"),
          "Mail to Examplemail delayed")
    check("verdict", b.text(".verdict"), "Over since 2026-11-22 07:00 UTC")
    check("questions", b.texts(".answers h2"),
          ["What happened", "When", "Who was hit", "Why", "Is it over",
           "What to do"])
    check("hostile text is shown, not run", b.js("return window.owned"), None)
    check("nothing was fetched", b.js(
        "return performance.getEntriesByType('resource').length"), 0)
    check("headings do not skip a level", b.js("""
        var last = 0;
        return Array.from(document.querySelectorAll('h1,h2,h3,h4'))
            .filter(function (h) {
                var level = Number(h.tagName[1]), skips = level > last + 1;
                last = level;
                return skips;
            }).length"""), 0)
    check("each table has a caption and heads with a scope", b.js("""
        return Array.from(document.querySelectorAll('table')).every(t =>
            t.caption && t.caption.textContent &&
            Array.from(t.tHead.querySelectorAll('th')).every(th =>
                th.scope === 'col'))"""), True)


def check_tables(b):
    causes = "#causes"
    check("long tables begin short", b.js(VISIBLE, causes + " tbody tr"), 15)
    check("values", column(b, causes, 1)[:3],
          ["14\u202f210", "7\u202f105", "4\u202f736"])
    b.click(causes + " th:nth-child(2) span")
    b.click(causes + " th:nth-child(2) span")
    check("sorted by number, smallest first", column(b, causes, 1)[:3],
          ["355", "364", "373"])
    check("said to readers of the screen", b.js(
        "return document.querySelector('#causes th:nth-child(2)')"
        ".getAttribute('aria-sort')"), "ascending")
    b.keys(causes + " th:nth-child(4) span", "\ue007")  # Enter
    check("spans sort by length, by keyboard", column(b, causes, 3)[:2],
          ["17 h 20 min", "16 h 27 min"])
    b.keys(causes + " .tools input", "no-such")
    check("filtered", set(column(b, causes, 0)), {"no-such-user"})
    check("how many", b.text(causes + " .tools span"), "8 of 40")
    b.js("var i = document.querySelector('#causes input'); i.value = '';"
         "i.dispatchEvent(new Event('input'))")
    b.click(causes + " .tools button")
    check("all rows on demand", b.js(VISIBLE, causes + " tbody tr"), 40)
    b.click("#incidents th:nth-child(5) span")
    check("unknown comes last", column(b, "#incidents", 4),
          ["2026-11-22 07:00:00", "-"])


def check_charts(b):
    ink = b.js(INK)
    check("two charts are drawn", [n > 2000 for n in ink], [True, True])
    b.click("#volume .key:nth-of-type(1)")
    check("a line can be hidden", b.js(INK)[0] < ink[0], True)
    b.click("#volume .key:nth-of-type(1)")
    check("and shown again", b.js(INK)[0], ink[0])
    # The mouse over the middle reads the row of the table that is there.
    b.js("document.querySelector('#volume .plot').scrollIntoView()")
    box = b.js("var r = document.querySelector('#volume .plot')"
               ".getBoundingClientRect(); return [r.x, r.y, r.width]")
    b.cdp("Input.dispatchMouseEvent", type="mouseMoved",
          x=box[0] + box[2] / 2, y=box[1] + 100)
    at = b.text("#volume .at")
    row = b.js("""
        return Array.from(document.querySelectorAll('#volume tbody tr'))
            .filter(tr => tr.cells[0].textContent === arguments[0])
            .map(tr => Array.from(tr.cells, td => td.textContent))[0]""", at)
    check("values under the mouse", b.texts("#volume .key b"),
          row and row[1:])
    # Drag to zoom; the way back appears.
    for kind, x in (("mousePressed", .3), ("mouseMoved", .4),
                    ("mouseMoved", .6), ("mouseReleased", .6)):
        b.cdp("Input.dispatchMouseEvent", type=kind, x=box[0] + box[2] * x,
              y=box[1] + 100, button="left", buttons=1, clickCount=1)
    check("zoomed in", b.js(VISIBLE, "#volume .reset"), 1)
    b.click("#volume .reset")
    check("and out", b.js(VISIBLE, "#volume .reset"), 0)
    check("each window has its bar above the lines",
          b.js("return Array.from(document.querySelectorAll("
               "'#volume .lanes > *'), e => e.title.slice(0, 5))"),
          ["Log m", "1 Thr", "2 DNS"])
    b.click("#volume .lanes .warn")
    check("which leads to what is said of it",
          b.js("return location.hash"), "#i1")
    check("shaded windows are named", b.texts("#volume .windows li")[0],
          "1 Throttle at Examplemail")


def check_evidence(b):
    check("evidence is folded", b.js(VISIBLE, "#i1-evidence li"), 0)
    b.click("#i1-evidence summary")
    check("and unfolds", b.js(VISIBLE, "#i1-evidence li"), 7)
    check("with its source", b.text("#i1-evidence cite"),
          "maillog.1.gz:81200")
    b.click("#incidents tbody a")
    check("an incident is one click away", b.js("return location.hash"),
          "#i1")
    b.js("document.querySelector('#i1-evidence').open = false;"
         "location.hash = ''; location.hash = '#i1-evidence'")
    b.js("dispatchEvent(new HashChangeEvent('hashchange'))")
    check("a link opens what is folded", b.js(
        "return document.querySelector('#i1-evidence').open"), True)


def check_looks(b):
    for dark in (False, True):
        b.dark(dark)
        name = "dark" if dark else "light"
        check("contrast, " + name, b.js(CONTRAST), [])
    back = "return getComputedStyle(document.body).backgroundColor"
    check("dark is dark", max(int(v) for v in
                              b.js(back)[4:-1].split(",")) < 60, True)
    b.dark(False)
    b.cdp("Emulation.setEmulatedMedia", media="print")
    check("printed: the drawn charts", b.js(VISIBLE, ".still"), 2)
    check("printed: no tools", b.js(VISIBLE, ".tools, .plot, nav"), 0)
    b.cdp("Emulation.setEmulatedMedia", media="")
    b.cdp("Emulation.setDeviceMetricsOverride", width=360, height=700,
          deviceScaleFactor=1, mobile=True)
    check("fits a telephone", b.js(
        "return document.documentElement.scrollWidth"), 360)


def check_without_scripts(path):
    with Browser(scripts=False) as b:
        b.open(path)
        # Scripts of the page are off; those of the driver still run.
        check("no scripts: the page's did not run",
              b.js(VISIBLE, ".tools, .plot"), 0)
        check("no scripts: charts are there", b.js(VISIBLE, ".still"), 2)
        check("no scripts: all rows are there",
              b.js(VISIBLE, "#causes tbody tr"), 40)
        b.click("#volume .numbers summary")
        check("no scripts: the numbers unfold",
              b.js(VISIBLE, "#volume tbody tr"), 192)
        check("no scripts: nothing owned", b.js("return window.owned"), None)


def check_all(path):
    with Browser() as b:
        b.open(path)
        check_start(b)
        check_tables(b)
        check_charts(b)
        check_evidence(b)
        check_looks(b)
        check("nothing in the console", [  # but what INK causes
            m for m in b.log() if "getImageData" not in m["message"]], [])
    check_without_scripts(path)


def main(path):
    try:
        check_all(path)
    except PageError as e:
        failed.append(str(e))
        print("  FAILED: %s" % e)
    print("%d checks failed" % len(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        status = main(sys.argv[1])
    except Exception:  # no browser is no finding about the page
        traceback.print_exc()
        status = 3
    sys.exit(status)
