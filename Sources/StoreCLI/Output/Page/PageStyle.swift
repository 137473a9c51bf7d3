// How the page looks, and the one small script that shows what a mark of the map stands for.

import VectorStore

enum PageStyle {
  /// The style sheet: light, dark, phone and desktop.
  static let css = colours + text + plots + tables

  // Series and marks after Okabe and Ito (Color Universal Design, 2008), darkened or lightened until each
  // has a contrast of 3 to its background.
  private static let colours = """

    :root{color-scheme:light dark;--page:#f6f7f8;--card:#fff;--text:#1b2026;--soft:#56606b;--edge:#d8dde3;
    --good:#176b41;--watch:#855400;--bad:#b3261e;--good-back:#e3f4ea;--watch-back:#fbeed3;--bad-back:#fce4e2;
    --c0:#0072b2;--c1:#c75000;--c2:#00795a;--c3:#a8487e;--c4:#8a6d00;--c5:#5b4fc4;--c6:#3d7f9e;--c7:#7a828b}
    @media(prefers-color-scheme:dark){:root{--page:#121518;--card:#1b1f24;--text:#e6e9ed;--soft:#a4aeb9;
    --edge:#363d45;--good:#63d297;--watch:#f0bd4f;--bad:#ff9a92;--good-back:#16301f;--watch-back:#352a12;
    --bad-back:#3b1c1a;--c0:#56b4e9;--c1:#f2914f;--c2:#2fc79b;--c3:#e59ac4;--c4:#e3cf4a;--c5:#a59cf5;
    --c6:#8cc9e0;--c7:#939ca6}}
    """

  private static let text = """

    *{box-sizing:border-box}
    body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;
    overflow-wrap:anywhere}
    header,main,footer{max-width:1120px;margin:0 auto;padding:0 16px}
    header{padding-top:28px}h1{font-size:1.55rem;line-height:1.25;margin:0 0 12px}
    h2{font-size:1.25rem;line-height:1.35;margin:0 0 2px}h3{font-size:1rem;margin:28px 0 6px}
    p{margin:0 0 8px}.lead{font-size:1.1rem}.size,figcaption,footer{color:var(--soft)}
    code{font:.92em ui-monospace,monospace;background:var(--page);border:1px solid var(--edge);
    border-radius:4px;padding:0 4px}
    a{color:var(--c0)}section,nav{background:var(--card);border:1px solid var(--edge);border-radius:12px;
    padding:20px;margin:16px 0}
    nav ul,.plain,.verdict,.passages,.groups ul,.legend{list-style:none;margin:0;padding:0}
    nav li{padding:4px 0}footer{padding:4px 16px 32px;font-size:.9rem}
    .badge{display:inline-block;font-size:.8rem;font-weight:650;line-height:1.5;padding:1px 10px;
    border-radius:99px;white-space:nowrap;vertical-align:.1em}
    .badge.good{color:var(--good);background:var(--good-back)}
    .badge.watch{color:var(--watch);background:var(--watch-back)}
    .badge.bad{color:var(--bad);background:var(--bad-back)}
    .verdict{margin-top:14px}.verdict li{display:flex;gap:12px;padding:8px 0;border-top:1px solid var(--edge)}
    .verdict .badge{flex:none;align-self:flex-start;min-width:76px;text-align:center;margin-top:1px}
    .verdict p{margin:0}.advice{color:var(--soft)}
    .passages li{display:flex;gap:12px;padding:6px 0;border-top:1px solid var(--edge)}
    .value{flex:none;min-width:56px;font-variant-numeric:tabular-nums;color:var(--soft)}
    .place{font-weight:600}.in{font-weight:400;color:var(--soft)}q{quotes:none;color:var(--soft)}
    details{border-top:1px solid var(--edge);padding:6px 0}summary{cursor:pointer}
    details ul{padding:4px 0 4px 18px!important}details li{padding:3px 0}.more{color:var(--soft)}
    """

  private static let plots = """

    .plots{display:grid;grid-template-columns:1fr;gap:8px 32px;margin-top:8px}
    figure{margin:0;min-width:0}figure h3{margin:20px 0 4px}figcaption{font-size:.9rem}
    .plot svg{display:block;width:100%;height:auto}.missing p{color:var(--soft);border:1px dashed var(--edge);
    border-radius:8px;padding:24px 16px;text-align:center}
    svg text{font:12px system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
    svg .label{fill:var(--text)}svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;
    stroke-linejoin:round}
    .grid{stroke:var(--edge);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
    .mark{stroke:var(--text);stroke-width:1.2;stroke-dasharray:4 3}
    .bar.s1,.key.s1{fill:var(--c0)}.key.s2{fill:var(--c1)}.key.s3{fill:var(--c2)}
    .area{fill-opacity:.25;stroke-width:1.6;stroke-linejoin:round}
    .area.s1{fill:var(--c0);stroke:var(--c0)}.area.s2{fill:var(--c1);stroke:var(--c1);stroke-dasharray:5 2}
    .line{fill:none;stroke-width:2}.line.s1{stroke:var(--c0)}
    .dot.s1{fill:var(--c0);stroke:var(--c0)}.dot.s2{fill:var(--c1);stroke:var(--c1)}
    .dot.s3{fill:var(--c2);stroke:var(--c2)}.dot{stroke-width:1.6}
    .m0{fill:var(--c0)}.m1{fill:var(--c1)}.m2{fill:var(--c2)}.m3{fill:var(--c3)}.m4{fill:var(--c4)}
    .m5{fill:var(--c5)}.m6{fill:var(--c6)}.m7{fill:var(--c7)}
    .plot use{fill-opacity:.72}.plot use.on{fill-opacity:1;stroke:var(--text);stroke-width:.8}
    .defs{position:absolute;width:0;height:0}
    .legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:.9rem;padding:4px 0}
    .legend li{display:flex;align-items:center;gap:6px;min-width:0}
    .legend svg{flex:none;width:15px;height:15px;display:inline-block}
    #tip{position:fixed;left:0;top:0;max-width:min(340px,calc(100vw - 24px));background:var(--text);
    color:var(--page);font-size:.85rem;line-height:1.4;padding:6px 10px;border-radius:8px;pointer-events:none;
    z-index:1}#tip[hidden]{display:none}
    @media(min-width:860px){.plots{grid-template-columns:1fr 1fr}.wide{grid-column:1/-1}
    .wide .plot{display:grid;grid-template-columns:minmax(0,1fr) 236px;gap:24px;align-items:start}
    .wide svg text{font-size:7.6px}.wide .legend{flex-direction:column;padding-top:24px}
    section{padding:24px 28px}}
    @media(max-width:560px){svg text{font-size:13.4px}section{padding:16px}
    .verdict li{flex-direction:column;gap:4px}.passages li{gap:8px}}
    """

  private static let tables = """

    .scroll{overflow-x:auto;margin:6px 0 10px}
    table{border-collapse:collapse;width:100%;font-size:.92rem}
    th,td{text-align:left;padding:6px 14px 6px 0;border-top:1px solid var(--edge);vertical-align:top}
    thead th{color:var(--soft);font-weight:500;border-top:0}tbody th{font-weight:600}
    th,td{overflow-wrap:normal}bdi{overflow-wrap:anywhere}td{font-variant-numeric:tabular-nums}
    .figures td:nth-child(3),.figures td:nth-child(4){color:var(--soft)}
    .figures td:nth-child(2){white-space:nowrap}@media(min-width:701px){.figures th{white-space:nowrap}}
    @media(max-width:700px){.figures thead{position:absolute;clip-path:inset(50%)}
    .figures tr{display:grid;grid-template-columns:minmax(0,1fr) auto;column-gap:12px;border-top:1px solid var(--edge);
    padding:6px 0}.figures th,.figures td{border:0;padding:0}
    .figures td:nth-child(3),.figures td:nth-child(4){grid-column:1/-1;font-size:.88rem}}
    @media print{body{background:#fff}section,nav{break-inside:auto}figure{break-inside:avoid}}
    """

  /// Shows the words of a bar, or of the mark of the map that is nearest to the pointer or the finger; without
  /// it the browser shows them its own way.
  static let script = """
    (function(){
    var tip=document.getElementById('tip'),words=new WeakMap(),marks=new WeakMap(),last=null;
    document.querySelectorAll('.plot svg title').forEach(function(title){
    words.set(title.parentNode,title.textContent);title.remove()});
    document.querySelectorAll('.wide .plot>svg').forEach(function(plot){
    marks.set(plot,Array.from(plot.querySelectorAll('use')).map(function(mark){
    return{mark:mark,x:+mark.getAttribute('x'),y:+mark.getAttribute('y')}}))});
    function nearest(plot,event){
    var matrix=plot.getScreenCTM(),x=(event.clientX-matrix.e)/matrix.a,y=(event.clientY-matrix.f)/matrix.d;
    var best=null,least=Math.pow(14/matrix.a,2);
    marks.get(plot).forEach(function(one){
    var d=(one.x-x)*(one.x-x)+(one.y-y)*(one.y-y);if(least>d){least=d;best=one.mark}});
    return best}
    function show(event){
    var target=event.target.closest?event.target:null,plot=target&&target.closest('.wide .plot>svg');
    var mark=plot?nearest(plot,event):target&&target.closest('rect'),text=mark&&words.get(mark);
    if(last)last.classList.remove('on');
    last=plot?mark:null;
    if(last)last.classList.add('on');
    tip.hidden=!text;
    if(!text)return;
    tip.textContent=text;
    var x=Math.min(event.clientX+14,innerWidth-tip.offsetWidth-8),y=event.clientY+16;
    if(y+tip.offsetHeight>innerHeight-8)y=event.clientY-tip.offsetHeight-12;
    tip.style.transform='translate('+Math.max(8,x)+'px,'+Math.max(8,y)+'px)'}
    document.addEventListener('pointermove',show);
    document.addEventListener('pointerdown',show);
    document.addEventListener('scroll',function(){tip.hidden=true},true)})()
    """
}
