/** The host's one page. It asks for /stats every second; nothing is loaded from elsewhere. */
export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>layerfour host</title>
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --accent: light-dark(#0b6, #3d9); }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin: 0; }
  p { max-width: 44rem; }
  .live { color: var(--accent); }
  .live.off { color: light-dark(#b00, #f66); }
  dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0; }
  dt { font-size: .8rem; opacity: .7; }
  dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font: 13px/1.6 ui-monospace, monospace; }
  th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
  th { font-weight: 600; opacity: .7; }
  .number { text-align: right; font-variant-numeric: tabular-nums; }
  code { font-family: ui-monospace, monospace; }
</style>
</head>
<body>
<h1>layerfour <span class="live" id="live">●</span></h1>
<p>This page came over TCP and IP written in TypeScript: no kernel took part on this side. Below is what that host knows about its
sockets, one second old at most. The connection that carries these figures is among them.</p>
<dl id="figures"></dl>
<div class="wide"><table>
  <thead><tr><th>proto</th><th>local</th><th>remote</th><th>state</th><th class="number">recv-q</th><th class="number">send-q</th>
  <th class="number">cwnd</th><th class="number">rtt</th><th>timers</th></tr></thead>
  <tbody id="sockets"></tbody>
</table></div>
<p>Also here: <a href="/stats"><code>/stats</code></a> as JSON, <a href="/bytes/1000000"><code>/bytes/N</code></a> for N bytes that are
always the same, echo on port 7, discard on 9, daytime on 13, chargen on 19.</p>
<script type="module">
const element = (id) => document.getElementById(id)
const count = (figure) => Math.round(figure).toLocaleString('en')
const address = (end) => !end ? '*' : (end.hostname.includes(':') ? '[' + end.hostname + ']' : end.hostname) + ':' + (end.port || '*')
const make = (tag, text, className = '') => Object.assign(document.createElement(tag), { textContent: text, className })
const figure = (name, value) => { const box = document.createElement('div'); box.append(make('dt', name), make('dd', value)); return box }

function show(stats) {
  const { traffic, drops, accounting, sockets } = stats
  const dropped = Object.values(drops).reduce((sum, n) => sum + n, 0)
  element('figures').replaceChildren(
    figure('interface', stats.name + ', MTU ' + stats.mtu), figure('address', stats.addresses.join(', ')),
    figure('up', count(stats.uptime / 1000) + ' s'),
    figure('packets in', count(traffic.packetsIn)), figure('packets out', count(traffic.packetsOut)),
    figure('bytes in', count(traffic.bytesIn)), figure('bytes out', count(traffic.bytesOut)),
    figure('dropped', count(dropped)), figure('memory', count(accounting.memory.used / 1024) + ' KiB'),
  )
  element('sockets').replaceChildren(...sockets.map((socket) => {
    const row = document.createElement('tr')
    const timers = Object.entries(socket.timers).map(([name, ms]) => name + ' ' + (ms / 1000).toFixed(1) + ' s').join(', ')
    row.append(
      make('td', socket.protocol), make('td', address(socket.local)), make('td', address(socket.remote)), make('td', socket.state),
      make('td', count(socket.receiveQueue), 'number'), make('td', count(socket.sendQueue), 'number'),
      make('td', socket.cwnd === undefined ? '' : count(socket.cwnd), 'number'),
      make('td', socket.rtt === undefined ? '' : socket.rtt.toFixed(2) + ' ms', 'number'), make('td', timers),
    )
    return row
  }))
}

for (;;) {
  try {
    show(await (await fetch('/stats')).json())
    element('live').className = 'live'
  } catch {
    element('live').className = 'live off'
  }
  await new Promise((resolve) => setTimeout(resolve, 1000))
}
</script>
</body>
</html>
`
