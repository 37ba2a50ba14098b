/* page.js - what makes the report handy: charts from the tables below them,
 * tables that sort and filter. The page is whole without it. */
(function () {
'use strict';

var ROWS = 15; /* of a table before "show all" */
var dark = matchMedia('(prefers-color-scheme: dark)');

function all(from, what) {
	return Array.prototype.slice.call(from.querySelectorAll(what));
}

function make(tag, attributes, text) {
	var e = document.createElement(tag);
	for (var a in attributes || {})
		e.setAttribute(a, attributes[a]);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

function css(name) {
	return getComputedStyle(document.documentElement)
	    .getPropertyValue(name).trim();
}

/* The number behind a cell: data-v, a time, digits with thin spaces; or NaN. */
function number(td) {
	var v = td.getAttribute('data-v'), time = td.querySelector('time');
	if (v !== null)
		return v === '' ? NaN : Number(v);
	if (time)
		return Date.parse(time.dateTime);
	v = td.textContent.replace(/\u202f/g, '');
	return /^-?\d+(\.\d+)?$/.test(v) ? Number(v) : NaN;
}

/* Tables. */

function compare(a, b, sign) {
	if (a.unknown !== b.unknown)
		return a.unknown ? 1 : -1; /* last, whichever way */
	if (!isNaN(a.n) && !isNaN(b.n) && a.n !== b.n)
		return sign * (a.n - b.n);
	if (a.t !== b.t)
		return sign * (a.t < b.t ? -1 : 1);
	return a.i - b.i;
}

function sortBy(table, th, column) {
	/* Texts from a to z first, numbers from the largest. */
	var up = th.getAttribute('aria-sort') === 'descending' ||
	    (!th.hasAttribute('aria-sort') && !th.classList.contains('n'));
	var body = table.tBodies[0];
	var keys = all(body, 'tr').map(function (tr, i) {
		var td = tr.cells[column];
		return { tr: tr, i: i, n: number(td), t: td.textContent,
			unknown: td.classList.contains('u') };
	});
	all(table, 'th').forEach(function (other) {
		other.removeAttribute('aria-sort');
	});
	th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
	keys.sort(function (a, b) { return compare(a, b, up ? 1 : -1); });
	keys.forEach(function (k) { body.appendChild(k.tr); });
}

function equip(frame) {
	var table = frame.querySelector('table');
	var rows = all(table.tBodies[0], 'tr');
	var tools = make('div', { 'class': 'tools' });
	var input = make('input', { type: 'search', placeholder: 'Filter rows',
		'aria-label': 'Filter rows of ' + table.caption.textContent });
	var button = make('button', { type: 'button' });
	var count = make('span', { role: 'status' });
	var rest = make('p', { 'class': 'more printed' });
	var open = rows.length <= ROWS + 5;

	function show() {
		var words = input.value.toLowerCase().split(/\s+/), n = 0;
		all(table.tBodies[0], 'tr').forEach(function (tr) {
			var text = tr.textContent.toLowerCase();
			var hit = words.every(function (w) {
				return text.indexOf(w) >= 0;
			});
			tr.classList.toggle('out', !hit);
			n += hit ? 1 : 0;
			tr.classList.toggle('cut', hit && !open && n > ROWS);
		});
		count.textContent = input.value === '' ? ''
		    : n + ' of ' + rows.length;
		button.hidden = n <= ROWS || rows.length <= ROWS + 5;
		button.textContent = open ? 'Show fewer'
		    : 'Show all ' + n + ' rows';
		rest.textContent = open || n <= ROWS ? ''
		    : 'and ' + (n - ROWS) + ' more rows in the file';
	}

	all(table, 'thead th').forEach(function (th, column) {
		/* No <button>: browsers leave those out where a printed
		 * table repeats its head on the next page. */
		var b = make('span', { role: 'button', tabindex: '0' });
		while (th.firstChild)
			b.appendChild(th.firstChild);
		th.appendChild(b);
		function sort(event) {
			if (event.type === 'keydown' && event.key !== 'Enter' &&
			    event.key !== ' ')
				return;
			event.preventDefault();
			sortBy(table, th, column);
			show();
		}
		b.addEventListener('click', sort);
		b.addEventListener('keydown', sort);
	});
	input.addEventListener('input', show);
	button.addEventListener('click', function () {
		open = !open;
		show();
	});
	if (rows.length > 5) {
		tools.appendChild(input);
		tools.appendChild(button);
		tools.appendChild(count);
		frame.parentNode.insertBefore(tools, frame);
		frame.parentNode.insertBefore(rest, frame.nextSibling);
	}
	all(table, 'td.s').forEach(function (td) {
		var v = number(td);
		if (!isNaN(v))
			td.style.setProperty('--v', Math.min(Math.max(v, 0), 1));
	});
	show();
}

/* Charts. */

var PATTERNS = [null, [7, 3], [2, 3], [9, 3, 2, 3], [4, 4], [12, 4]];
var charts = [];

var UNITS = {
	span: [[1, ' s'], [60, ' min'], [3600, ' h'], [86400, ' d']],
	bytes: [[1, ' B'], [1e3, ' kB'], [1e6, ' MB'], [1e9, ' GB']],
	share: [[.01, ' %']],
	count: [[1, ''], [1e3, ' k'], [1e6, ' M'], [1e9, ' G']]
};

/* The unit in which the largest of `values` reads well: [size, name]. */
function unitFor(kind, values) {
	var top = Math.max.apply(null, values.map(Math.abs));
	return UNITS[kind].reduce(function (best, unit) {
		return top >= 2 * unit[0] ? unit : best;
	});
}

function tick(unit) {
	return function (v) { 
		return v === 0 ? '0' : Number(v.toPrecision(12)) + unit[1];
	};
}

function palette(tones) {
	var plain = 0;
	return tones.map(function (tone) {
		return css(tone === 'plain' ? '--s-' + (plain++ % 6 + 1)
		    : '--s-' + tone);
	});
}

/* Where each window lies in the plot: [{ li, from, to }], what is worse last. */
function extents(figure, scale, area, g) {
	var order = ['plain', 'good', 'warn', 'bad'];
	return all(figure, '.windows li').map(function (li) {
		var from = g.toDomXCoord(li.dataset.from * scale);
		var to = g.toDomXCoord(li.dataset.to * scale);
		from = Math.max(from, area.x);
		return { li: li, from: from,
			to: Math.min(Math.max(to, from + 2), area.x + area.w) };
	}).filter(function (e) {
		return e.to > e.from;
	}).sort(function (a, b) {
		return order.indexOf(a.li.className) -
		    order.indexOf(b.li.className);
	});
}

/* Shaded behind the lines; above them each by itself, a link. */
function shade(figure, lanes, scale, canvas, area, g) {
	lanes.textContent = '';
	extents(figure, scale, area, g).forEach(function (e) {
		var a = e.li.querySelector('a');
		var bar = a ? make('a', { href: a.getAttribute('href') })
		    : make('span');
		canvas.fillStyle = css('--f-' + e.li.className);
		canvas.fillRect(e.from, area.y, e.to - e.from, area.h);
		bar.className = e.li.className;
		bar.title = e.li.textContent;
		bar.tabIndex = -1; /* the list below is for the keyboard */
		bar.style.left = e.from + 'px';
		bar.style.width = e.to - e.from + 'px';
		bar.style.top = e.li.dataset.lane * 8 + 'px';
		lanes.appendChild(bar);
	});
}

/* [[x, y, ...]] in the units of the axes. */
function rowsOf(trs, xUnit, yUnit) {
	return trs.map(function (tr) {
		return all(tr, 'td').map(function (td, i) {
			var v = number(td);
			return isNaN(v) ? null : v / (i ? yUnit : xUnit)[0];
		});
	});
}

function cells(trs, from) {
	return trs.reduce(function (list, tr) {
		return list.concat(all(tr, 'td').slice(from[0], from[1])
		    .map(number).filter(function (v) { return !isNaN(v); }));
	}, [0]);
}

/* The keys of the lines become buttons that show and hide them. */
function keysOf(figure, toggle) {
	return all(figure, '.key').map(function (key, i) {
		var b = make('button', { type: 'button', 'class': 'key',
			'aria-pressed': 'true' });
		while (key.firstChild)
			b.appendChild(key.firstChild);
		b.appendChild(make('b'));
		b.addEventListener('click', function () {
			var on = b.getAttribute('aria-pressed') !== 'true';
			b.setAttribute('aria-pressed', String(on));
			toggle(i, on);
		});
		key.parentNode.replaceChild(b, key);
		return b;
	});
}

function draw(figure) {
	var trs = all(figure, 'tbody tr');
	var names = all(figure, 'thead th').map(function (th, i) {
		return i + ' ' + th.textContent; /* unique for the library */
	});
	var time = figure.dataset.x === 'time';
	var stacked = figure.hasAttribute('data-stacked');
	var tones = figure.dataset.tones.split(' ');
	var plot = make('div', { 'class': 'plot', 'aria-hidden': 'true' });
	var lanes = make('div', { 'class': 'lanes', 'aria-hidden': 'true' });
	var keys = figure.querySelector('.keys');
	var at = make('span', { 'class': 'at' });
	var reset = make('button', { type: 'button', 'class': 'reset',
		hidden: '' }, 'Show the whole time');
	var xUnit, yUnit, rows, buttons, options, g;

	if (trs.length < 2)
		return;
	xUnit = time ? [1, ''] : unitFor('span', cells(trs, [0, 1]));
	yUnit = unitFor(figure.dataset.y, cells(trs, [1]));
	rows = rowsOf(trs, xUnit, yUnit);
	if (time)
		rows.forEach(function (r) { r[0] = new Date(r[0]); });
	buttons = keysOf(figure, function (i, on) { g.setVisibility(i, on); });

	function values(tr) {
		buttons.forEach(function (b, i) {
			b.querySelector('b').textContent =
			    tr ? tr.cells[i + 1].textContent : '';
		});
		at.textContent = tr ? tr.cells[0].textContent : '';
	}

	function paint() {
		return { colors: palette(tones), gridLineColor: css('--line'),
			axisLineColor: css('--line') };
	}

	function zoomed(range) {
		var full = g.xAxisExtremes();
		reset.hidden = range[0] <= full[0] && range[1] >= full[1];
	}

	keys.appendChild(reset);
	keys.appendChild(at);
	lanes.style.height = 8 * all(figure, '.windows li').reduce(
	    function (n, li) {
		return Math.max(n, Number(li.dataset.lane) + 1);
	}, 0) + 'px';
	figure.insertBefore(lanes, figure.querySelector('details'));
	figure.insertBefore(plot, lanes.nextSibling);
	figure.classList.add('drawn');
	options = {
		labels: names, labelsUTC: true, legend: 'never',
		strokeWidth: 1.6, stackedGraph: stacked, fillGraph: stacked,
		fillAlpha: .22, includeZero: true, xRangePad: 4,
		axisLabelFontSize: 12, axisLabelWidth: 58,
		highlightCircleSize: 4, series: {},
		axes: { x: { drawGrid: false },
			y: { axisLabelFormatter: tick(yUnit) } },
		underlayCallback: shade.bind(null, figure, lanes,
		    time ? 1000 : 1 / xUnit[0]),
		highlightCallback: function (event, x, points, row) {
			values(trs[row]);
		},
		unhighlightCallback: function () { values(null); },
		zoomCallback: function (from, to) {
			charts.forEach(function (other) {
				if (other.time !== time)
					return;
				if (other.g !== g)
					other.g.updateOptions(
					    { dateWindow: [from, to] });
				other.zoomed([from, to]);
			});
		}
	};
	if (!time)
		options.axes.x.axisLabelFormatter = tick(xUnit);
	names.slice(1).forEach(function (name, i) {
		options.series[name] = { strokePattern: stacked ? null
		    : PATTERNS[(i + Math.floor(i / 6)) % 6] };
	});
	g = new Dygraph(plot, rows, Object.assign(options, paint()));
	reset.addEventListener('click', function () {
		charts.forEach(function (other) {
			if (other.time !== time)
				return;
			other.g.resetZoom();
			other.zoomed(other.g.xAxisExtremes());
		});
	});
	charts.push({ g: g, time: time, paint: paint, zoomed: zoomed });
}

function repaint() {
	charts.forEach(function (c) { c.g.updateOptions(c.paint()); });
}

/* A link to something that is folded away opens it. */
function unfold() {
	var e = document.getElementById(location.hash.slice(1));
	for (; e; e = e.parentElement)
		if (e.tagName === 'DETAILS')
			e.open = true;
}

/* The legend is ours; the library's would set styles the page forbids. */
Dygraph.PLUGINS = Dygraph.PLUGINS.filter(function (p) {
	return p !== Dygraph.Plugins.Legend;
});
all(document, '.chart').forEach(draw);
all(document, '.table .scroll').forEach(equip);
dark.addEventListener('change', repaint);
addEventListener('hashchange', unfold);
unfold();
}());
