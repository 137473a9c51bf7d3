// The script of the page at `/`. Texts of documents become text nodes, never markup.

enum SearchPageScript {
  static let script = #"""

    'use strict';
    const $ = (id) => document.getElementById(id);
    const make = (name, className, text) => {
      const element = document.createElement(name);
      if (className) element.className = className;
      if (text !== undefined) element.textContent = text;
      return element;
    };
    let current = 0;

    async function ask(path, body) {
      const headers = {};
      const token = sessionStorage.getItem('token');
      if (token) headers.Authorization = 'Bearer ' + token;
      if (body) headers['Content-Type'] = 'application/json';
      const answer = await fetch(path, body
        ? {method: 'POST', headers, body: JSON.stringify(body)} : {headers});
      const value = await answer.json();
      if (answer.ok) return value;
      if (answer.status === 401) { $('login').hidden = false; $('token').focus(); }
      throw new Error(value.error.message);
    }

    function say(text, isBad) {
      $('note').textContent = text;
      $('note').className = isBad ? 'bad' : '';
    }

    // A passage with the words of the question marked.
    function marked(text, marks) {
      const paragraph = make('p', 'text');
      let place = 0;
      for (const [from, to] of marks) {
        paragraph.append(text.slice(place, from), make('mark', '', text.slice(from, to)));
        place = to;
      }
      paragraph.append(text.slice(place));
      return paragraph;
    }

    function bar(share) {
      const name = 'http://www.w3.org/2000/svg';
      const svg = document.createElementNS(name, 'svg'), rect = document.createElementNS(name, 'rect');
      svg.setAttribute('viewBox', '0 0 56 6');
      rect.setAttribute('height', '6');
      rect.setAttribute('width', String(Math.max(0, Math.min(1, share)) * 56));
      svg.append(rect);
      return svg;
    }

    function entry(hit, best) {
      const item = make('li');
      item.tabIndex = 0;
      const head = make('div', 'head'), score = make('span', 'score'), frame = make('i');
      const line = hit.excerpt && hit.excerpt.line;
      head.append(make('span', 'place', hit.source + (line ? ':' + line : '')));
      frame.append(bar(best > 0 ? hit.score / best : 0));
      score.append(frame, hit.score.toFixed(Math.abs(hit.score) < 10 ? 3 : 1)
        + (hit.strength ? ' ' + hit.strength : ''));
      if (hit.strength === 'weak') item.className = 'weak';
      score.title = 'score; the bar compares it with the best hit'
        + (hit.cosine === null ? '' : '; cosine ' + hit.cosine.toFixed(3));
      head.append(score);
      item.append(head);
      const path = (hit.excerpt && hit.excerpt.headings || []).join(' › ');
      if (path) item.append(make('div', 'path', path));
      if (hit.excerpt) item.append(marked(hit.excerpt.text, hit.excerpt.marks));
      if (hit.excerpt && hit.excerpt.isCut) item.append(make('p', 'more', '…'));
      if (hit.fileState) item.append(make('p', 'more', hit.fileState === 'gone'
        ? 'The file is gone.' : 'The file has changed since it was read.'));
      if (hit.copies.length) item.append(make('p', 'more', 'also in ' + hit.copies.join(', ')));
      item.addEventListener('click', () => { if (!getSelection().toString()) toggle(item, hit); });
      item.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') { event.preventDefault(); toggle(item, hit); }
      });
      return item;
    }

    function toggle(item, hit) {
      const open = item.querySelector('.whole');
      if (open) return open.remove();
      if (hit.text !== null) item.append(make('p', 'text whole', hit.text));
    }

    async function search() {
      const question = $('question').value.trim(), number = ++current;
      const body = {question, collection: $('collection').value || 'default', rank: $('rank').value, limit: 20};
      if ($('filter').value.trim()) body.filter = $('filter').value.trim();
      history.replaceState(null, '', question ? '#' + new URLSearchParams({...body, limit: ''}) : '#');
      if (!question) { $('hits').replaceChildren(); return say(''); }
      say('…');
      try {
        const started = performance.now(), answer = await ask('/api/search', body);
        if (number !== current) return;
        const best = Math.max(...answer.hits.map((hit) => hit.score));
        $('hits').replaceChildren(...answer.hits.map((hit) => entry(hit, best)));
        const count = answer.hits.length;
        say([count + (count === 1 ? ' passage in ' : ' passages in ')
          + Math.round(performance.now() - started) + ' ms', ...answer.notes].join('\n'));
      } catch (error) {
        if (number !== current) return;
        $('hits').replaceChildren();
        say(error.message, true);
      }
    }

    async function look() {
      try {
        const {collections} = await ask('/api/collections');
        const chosen = new URLSearchParams(location.hash.slice(1)).get('collection');
        $('collection').replaceChildren(...collections.map(({name}) => new Option(name, name)));
        if (!collections.length) $('collection').append(new Option('default', 'default'));
        $('collection').value = collections.some(({name}) => name === chosen) ? chosen
          : collections.some(({name}) => name === 'default') ? 'default' : (collections[0] || {}).name || 'default';
        $('collections').replaceChildren(...(collections.length ? collections.map((one) => make('li', '',
          one.name + ': ' + one.documents.toLocaleString() + (one.documents === 1 ? ' document' : ' documents')
          + (one.pending ? ', ' + one.pending + ' without vectors' : '')
          + ' (' + (one.space.startsWith('mock/') ? 'words only' : one.space) + ')'))
          : [make('li', '', 'none yet')]));
        $('login').hidden = true;
        // A link carries no token.
        $('report').hidden = Boolean(sessionStorage.getItem('token'));
        const [health, usage] = await Promise.all([ask('/api/status'), ask('/api/usage?days=1')]);
        const lines = health.services.map((one) =>
          one.space + ': ' + (one.isWell ? 'works' : (one.problem || {}).message || 'does not work'));
        if (!lines.length) lines.push('none: search matches words, not meaning');
        for (const one of health.services) for (const limit of one.budget) {
          lines.push(limit.limit === 'dailyCost' ? '$' + limit.left.toFixed(2) + ' of $' + limit.allowed.toFixed(2)
            + ' left today' : limit.left + ' of ' + limit.allowed + ' requests left this hour');
        }
        lines.push('spent today: $' + usage.today.costUSD.toFixed(4));
        $('service').replaceChildren(...lines.map((line) => make('li', '', line)));
      } catch (error) { say(error.message, true); }
    }

    $('form').addEventListener('submit', (event) => { event.preventDefault(); search(); });
    for (const id of ['collection', 'rank']) $(id).addEventListener('change', search);
    $('login').addEventListener('submit', (event) => {
      event.preventDefault();
      sessionStorage.setItem('token', $('token').value);
      say('');
      start();
    });
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = /^(INPUT|SELECT)$/.test(event.target.tagName), items = [...$('hits').children];
      const at = items.indexOf(document.activeElement);
      if (event.key === '/' && !typing) { event.preventDefault(); $('question').focus(); $('question').select(); }
      else if (event.key === 'Escape') { $('question').focus(); $('question').select(); }
      else if (event.key === 'ArrowDown' && items.length && event.target.tagName !== 'SELECT') {
        event.preventDefault(); items[Math.min(at + 1, items.length - 1)].focus();
      } else if (event.key === 'ArrowUp' && at >= 0) {
        event.preventDefault(); (at === 0 ? $('question') : items[at - 1]).focus();
      }
    });

    async function start() {
      const asked = new URLSearchParams(location.hash.slice(1));
      $('question').value = asked.get('question') || '';
      $('filter').value = asked.get('filter') || '';
      if (asked.get('rank')) $('rank').value = asked.get('rank');
      await look();
      if ($('question').value) search();
    }
    start();
    """#
}
