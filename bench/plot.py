"""The figures as a picture: bars of requests per second, one panel per database and work, on a logarithmic scale."""
import math
from xml.sax.saxutils import escape

import report
import works

WIDTH, LEFT, BAR, GAP, TITLE = 860, 270, 16, 4, 30
COLOURS = {"ours": "#b7410e", "ours-logging": "#d98c5f", "hello": "#9aa0a6"}
OTHER = "#5b7c99"


def svg(results):
    """An SVG document; empty panels for nothing."""
    panels = [(kind, name, figures) for kind, measured in results["works"].items() for name, figures in measured.items() if figures]
    rates = [row["rate"] for _, _, figures in panels for row in figures.values() if row["rate"] > 0]
    low, high = (math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))) if rates else (0, 1)

    def x(rate):
        return LEFT + (WIDTH - LEFT - 90) * (math.log10(max(rate, 10**low)) - low) / max(high - low, 1)

    lines, y = [], 34
    for kind, name, figures in panels:
        title = "%s, %s" % (works.BY_NAME[name].title, report.DATABASES[kind])
        lines.append('<text x="12" y="%d" font-weight="bold">%s</text>' % (y + 14, escape(title)))
        y += TITLE - 8
        for server, row in sorted(figures.items(), key=lambda item: -item[1]["rate"]):
            lines.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 8, y + BAR - 4, escape(report.TITLES[server])))
            lines.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                LEFT, y, max(x(row["rate"]) - LEFT, 1), BAR, COLOURS.get(server, OTHER)))
            lines.append('<text x="%.1f" y="%d">%s</text>' % (
                x(row["rate"]) + 5, y + BAR - 4, "{:,.{}f}".format(row["rate"], 0 if row["rate"] >= 100 else 1)))
            y += BAR + GAP
        y += 12
    for power in range(low, high + 1):
        lines.insert(0, '<line x1="{0:.1f}" x2="{0:.1f}" y1="30" y2="{1}" stroke="#dddddd"/>'.format(x(10**power), y - 8))
        lines.append('<text x="%.1f" y="%d" text-anchor="middle" fill="#777777">%s</text>' % (x(10**power), y + 6, "{:,}".format(10**power)))
    machine = results["machine"]
    caption = "requests per second, one core, logarithmic; %s, %s" % (machine["processor"], machine["date"][:10])
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" '
            'font-family="sans-serif" font-size="12" fill="#222222">\n<rect width="{0}" height="{1}" fill="#ffffff"/>\n'
            '<text x="12" y="20">{2}</text>\n{3}\n</svg>\n').format(WIDTH, y + 14, escape(caption), "\n".join(lines))
