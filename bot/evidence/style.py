"""How our pages look: on a screen, in the dark, and on paper."""

from bot.evidence import charts

STYLE = f"""
:root{{color-scheme:light dark;--ink:#242424;--soft:#5c5c5c;--line:#c8c8c8;--bad:#a80000;
--bar:#8a8a8a;--now:#9db8d2;--paper:#fff}}
@media(prefers-color-scheme:dark){{:root{{--ink:#f5f5f5;--soft:#b8b8b8;--line:#4d4d4d;
--bad:#f1707b;--bar:#9a9a9a;--now:#3f6287;--paper:#1f1f1f}}}}
body{{font:15px/1.5 "Segoe UI",system-ui,sans-serif;color:var(--ink);
background:var(--paper);overflow-wrap:anywhere;max-width:60rem;margin:2rem auto;padding:0 1rem}}
h1{{font-size:1.5rem;margin:0}}h2{{font-size:1.1rem;margin:2rem 0 .5rem}}
p,dd,dt{{margin:.2rem 0}}p,dd,footer{{min-width:0;overflow-wrap:anywhere}}
.soft{{color:var(--soft)}}
table{{border-collapse:collapse;width:100%;margin:.5rem 0}}
td,th{{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);
vertical-align:top;overflow-wrap:break-word}}
th{{white-space:nowrap}}td.n,th.n{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}
.wide{{font-size:.8rem}}.wide th{{white-space:normal}}
.wide td,.wide th{{padding-right:.5rem}}.long{{overflow-wrap:anywhere}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem}}dt{{color:var(--soft)}}
.missing,.gap td:first-child{{border-left:4px solid var(--bad);padding-left:.8rem}}
.missing{{padding:.2rem .8rem;margin:.5rem 0}}
code,pre{{font:13px/1.4 Consolas,Menlo,monospace;overflow-wrap:anywhere}}
pre{{white-space:pre-wrap;border:1px solid var(--line);padding:.5rem}}
figure{{margin:1rem 0}}figcaption{{font-weight:600}}
@media screen and (max-width:48rem){{table{{display:block;overflow-x:auto}}
dl{{grid-template-columns:1fr}}}}
footer{{margin:3rem 0;color:var(--soft);font-size:.85rem}}
@media screen and (max-width:60rem){{table{{display:block;overflow-x:auto}}}}
@media print{{:root{{color-scheme:light;--ink:#000;--soft:#333;--line:#999;--bad:#a80000;
--bar:#777;--now:#ccc;--paper:#fff}}body{{margin:0;max-width:none;font-size:11px}}
code{{font-size:10px}}
h2,h2+p{{break-after:avoid}}figure,svg,tr,pre{{break-inside:avoid}}thead{{display:table-header-group}}
@page{{margin:16mm}}}}
{charts.STYLE}"""
