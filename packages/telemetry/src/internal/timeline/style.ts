/** How a page looks, in light and in dark; a page may hold no other style, by its hash. */
export const style = `
:root{color-scheme:light dark;--paper:#fbfaf8;--card:#fff;--ink:#1b1f24;--dim:#5b6470;--line:#e3e2de;--model:#7159d6;--run:#12977a;--wait:#a9b0ba;--bad:#d2304a;--late:#a85400;--hedge:#2c8fb3;--thread:#1b1f24;--glow:#efe9ff;--labels:clamp(16rem,31vw,30rem)}
@media (prefers-color-scheme:dark){:root{--paper:#14161a;--card:#1b1e24;--ink:#eceef1;--dim:#a2abb8;--line:#2c3038;--model:#9d8bf5;--run:#35c29f;--wait:#5d6673;--bad:#ff6b81;--late:#f2a33c;--hedge:#5cc3e8;--thread:#f4f5f7;--glow:#292241}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:400 14px/1.45 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;font-variant-numeric:tabular-nums}
.page{max-width:110rem;margin:0 auto;padding:clamp(.75rem,2.5vw,2.25rem)}
h1,h2,p,dl,dd,ol{margin:0}
h1{font-size:1rem;font-weight:600;overflow-wrap:anywhere}
h2{font-size:.8rem;font-weight:600;color:var(--dim);letter-spacing:.02em}
.when{font-weight:400;margin-left:.4em}
.headline{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1em .5em;margin:.35rem 0 1rem;font-size:clamp(1.35rem,3.4vw,2.3rem);line-height:1.15;font-weight:650;letter-spacing:-.02em}
.headline span{color:var(--dim);font-weight:450}
.headline b{color:var(--run)}
.facts{display:flex;flex-wrap:wrap;gap:.5rem 2rem}
.facts div{display:flex;flex-direction:column-reverse}
.facts dt{color:var(--dim);font-size:.8rem}
.facts dd{font-weight:600;overflow-wrap:anywhere}
.facts .bad dd{color:var(--bad)}
.path{margin:1.6rem 0 1.1rem}
.path svg{display:block;width:100%;height:16px;margin:.4rem 0 .5rem;border-radius:4px;background:var(--line)}
.path ol{display:flex;flex-wrap:wrap;gap:.15rem .4rem;padding:0;list-style:none;font-size:.85rem}
.path li{overflow-wrap:anywhere}
.path li+li::before{content:"→";content:"→"/"";color:var(--dim);margin-right:.4rem}
.path small,.id{color:var(--dim);font-size:inherit;font-weight:400}
.tools{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.25rem;margin-bottom:.6rem}
.tools span{color:var(--dim)}
.tools div{display:flex;flex-wrap:wrap;gap:.25rem;align-items:center}
.tools label{cursor:pointer;padding:.15rem .6rem;border:1px solid var(--line);border-radius:99px;background:var(--card)}
#z1:checked~.tools [for=z1],#z4:checked~.tools [for=z4],#z16:checked~.tools [for=z16],#z64:checked~.tools [for=z64],#only-path:checked~.tools [for=only-path],#only-bad:checked~.tools [for=only-bad]{background:var(--ink);border-color:var(--ink);color:var(--paper)}
#z1:focus-visible~.tools [for=z1],#z4:focus-visible~.tools [for=z4],#z16:focus-visible~.tools [for=z16],#z64:focus-visible~.tools [for=z64],#only-path:focus-visible~.tools [for=only-path],#only-bad:focus-visible~.tools [for=only-bad],summary:focus-visible,.chart:focus-visible,.scroll:focus-visible{outline:2px solid var(--model);outline-offset:1px}
summary:focus-visible{outline-offset:-2px}
summary:focus-visible .name{box-shadow:inset 3px 0 var(--model),inset 0 2px var(--model),inset 0 -2px var(--model)}
.hint{color:var(--dim);font-size:.8rem;margin-left:auto}
kbd{font:inherit;border:1px solid var(--line);border-radius:4px;padding:0 .3em;background:var(--card)}
.chart{--zoom:1;container-type:inline-size;position:relative;overflow:auto;max-height:max(24rem,88vh);background:var(--card);border:1px solid var(--line);border-radius:10px}
.rows{position:relative;width:calc((100% - var(--labels))*var(--zoom) + var(--labels))}
#z4:checked~.chart{--zoom:4}
#z16:checked~.chart{--zoom:16}
#z64:checked~.chart{--zoom:64}
.scale{display:none}
#z1:checked~.chart .z1,#z4:checked~.chart .z4,#z16:checked~.chart .z16,#z64:checked~.chart .z64{display:block}
.axis{position:sticky;top:0;z-index:3;height:2rem;padding-left:var(--labels);background:var(--card);border-bottom:1px solid var(--line)}
.axis .scale{width:calc(100% - 1rem);height:100%;overflow:visible}
.axis text{fill:var(--dim);font-size:12px}
.axis::before{content:"";position:sticky;left:0;display:block;float:left;width:var(--labels);height:100%;margin-left:calc(-1*var(--labels));background:var(--card);z-index:1}
.grid{position:absolute;top:2rem;bottom:0;left:var(--labels);right:1rem;pointer-events:none}
.grid .scale{width:100%;height:100%;overflow:visible}
.grid line{stroke:var(--line)}
.part{content-visibility:auto;contain-intrinsic-size:auto 750px}
.row{position:relative}
.row>summary{display:grid;grid-template-columns:var(--labels) minmax(0,1fr);min-height:30px;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
.row>summary:hover{background:color-mix(in srgb,var(--glow) 55%,transparent)}
.row[open]>summary{background:var(--glow)}
.name{position:sticky;left:0;z-index:2;display:flex;gap:.75rem;align-items:center;justify-content:space-between;padding:.2rem .75rem;background:var(--card);border-right:1px solid var(--line)}
.row>summary:hover .name{background:color-mix(in srgb,var(--glow) 55%,var(--card))}
.row[open]>summary .name{background:var(--glow)}
.label{min-width:0;overflow-wrap:anywhere}
.on .label{font-weight:600}
.turn .label{color:var(--model);font-weight:600}
.time{text-align:right;min-width:4.5rem;color:var(--dim);flex:0 1 auto;max-width:62%;overflow-wrap:break-word}
.e-failed .time,.e-refused .time{color:var(--bad)}
.e-timeout .time{color:var(--late)}
.d1 .label{padding-left:1rem}.d2 .label{padding-left:2rem}.d3 .label{padding-left:3rem}.d4 .label{padding-left:4rem}.d5 .label{padding-left:5rem}
.d1 .label,.d2 .label,.d3 .label,.d4 .label,.d5 .label{border-left:1px solid transparent}
.turn{border-top:1px solid var(--line)}
.grid+.part>.turn:first-child{border-top:0}
.track{width:calc(100% - 1rem);height:30px;overflow:visible;align-self:center}
.track rect,.key rect{stroke-width:1}
.path svg rect{stroke:none;shape-rendering:crispEdges}
.m{fill:var(--model);stroke:var(--model)}
.r{fill:var(--run);stroke:var(--run)}
.x{fill:var(--bad);stroke:var(--bad)}
.a{fill:color-mix(in srgb,var(--bad) 45%,var(--card));stroke:color-mix(in srgb,var(--bad) 45%,var(--card))}
.l{fill:var(--late);stroke:var(--late)}
.w{fill:var(--wait);stroke:var(--wait)}
.h{fill:var(--hedge);stroke:var(--hedge)}
.o{fill:color-mix(in srgb,var(--run) 60%,var(--card));stroke:var(--run);stroke-dasharray:3 2}
.c{fill:color-mix(in srgb,var(--run) 30%,var(--card));stroke:var(--run)}
.t{fill:var(--thread);stroke:none}
.p{stroke:var(--card);stroke-width:1.5}
.z{fill:none;stroke:var(--bad);stroke-width:2}
.more{position:sticky;left:0;z-index:1;width:calc(100cqi - 1rem);background:var(--card);padding:.6rem .75rem 1rem;border-bottom:1px solid var(--line)}
.more dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem}
.more dt{color:var(--dim)}
.more dd{overflow-wrap:anywhere}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
#only-path:checked~.chart .part,#only-bad:checked~.chart .part{content-visibility:visible}
#only-path:checked~.chart .row:not(.on),#only-bad:checked~.chart .row:not(.e-failed,.e-timeout,.e-refused){display:none}
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.25rem;padding:0;margin:.9rem 0;list-style:none;color:var(--dim);font-size:.85rem}
.key svg{width:26px;height:14px;vertical-align:-2px;margin-right:.4rem;overflow:visible}
.table{margin-top:.5rem}
.table>summary{cursor:pointer;width:max-content;max-width:100%;color:var(--dim);list-style:revert}
.scroll{overflow:auto;max-height:80vh}
table{border-collapse:collapse;margin-top:.6rem;font-size:.85rem}
caption{text-align:left;color:var(--dim);padding-bottom:.4rem}
th,td{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
thead th{color:var(--dim)}
td.n{text-align:right;white-space:nowrap}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.empty{padding:2rem;color:var(--dim)}
@media (max-width:44rem){
:root{--labels:0px}
.rows{width:calc(100%*var(--zoom))}
.axis::before{display:none}
.axis{padding-left:.75rem}
.grid{left:.75rem;right:.25rem}
.axis .scale{width:calc(100% - .25rem)}
.odd{display:none}
.row>summary{grid-template-columns:minmax(0,1fr);padding-bottom:.15rem}
.name{width:calc(100cqi - 1rem);border:0;padding-bottom:0}
.track{height:29px;margin:-5px 0 0 .75rem}
.track{width:calc(100% - 1rem)}
.part{contain-intrinsic-size:auto 1250px}
.hint{display:none}
}
@media (prefers-reduced-motion:no-preference){.row>summary,.name{transition:background-color .12s}}
@media print{.chart{max-height:none;overflow:visible}.tools{display:none}}
@media (forced-colors:active){.track rect,.path rect,.key rect{forced-color-adjust:none}}
`

/** The hash that the page's policy names; a test holds it against the style. */
export const styleHash = "sha256-QXzQ8rOuXhRfhDvXaoIiiYtmvfYzJ50Q2Xb1ivrMwLM="
