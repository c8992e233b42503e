"""How our pages look: on a screen, in the dark, and on paper."""

STYLE = """
:root{color-scheme:light dark;--ink:#242424;--soft:#616161;--line:#d6d6d6;--bad:#b10e1c;
--bar:#8a8a8a;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#f5f5f5;--soft:#adadad;--line:#444;
--bad:#f1707b;--bar:#9a9a9a;--paper:#1f1f1f}}
body{font:15px/1.5 "Segoe UI",system-ui,sans-serif;color:var(--ink);
background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p,dd{margin:.2rem 0}.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{display:inline-block;height:.7rem;background:var(--bar)}.over{background:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem}dt{color:var(--soft)}
.missing{border-left:4px solid var(--bad);padding:.2rem .8rem;margin:.5rem 0}
.shape{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.15rem .8rem;
font-size:.85rem;align-items:center}
.shape span{display:block}footer{margin:3rem 0;color:var(--soft);font-size:.85rem}
@media print{body{margin:0;max-width:none}}
"""
