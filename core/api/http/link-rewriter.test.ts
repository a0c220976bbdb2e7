import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { assert, test } from '../../testing/contract.js'
import { createLinkRewriter, rewriteLink } from './link-rewriter.js'

const place = { prefix: '/api/v1/namespaces/default/pods/web/proxy', hosts: ['10.0.0.1:80', 'api.example:6443'] }
const rewrite = (link: string): string => rewriteLink(link, place)

const links: Readonly<Record<string, string>> = {
  '/': `${place.prefix}/`,
  '/a/b?c=/d#e': `${place.prefix}/a/b?c=/d#e`,
  'http://10.0.0.1:80/x': `${place.prefix}/x`,
  '//api.example:6443/x': `${place.prefix}/x`,
  'https://api.example:6443/x/': `${place.prefix}/x/`,
  [`${place.prefix}/x`]: `${place.prefix}/x`,
  [place.prefix]: place.prefix,
  [`${place.prefix}x`]: `${place.prefix}${place.prefix}x`,
  relative: 'relative',
  '../up': '../up',
  '#here': '#here',
  '?a=b': '?a=b',
  '': '',
  'http://elsewhere/x': 'http://elsewhere/x',
  '//elsewhere/x': '//elsewhere/x',
  'mailto:a@b': 'mailto:a@b',
  'javascript:/x/': 'javascript:/x/',
  'data:/x': 'data:/x',
}
for (const [link, wanted] of Object.entries(links)) {
  test(`a link ${JSON.stringify(link)} of a page`, () => assert.is(rewrite(link), wanted))
}

const page = `<!DOCTYPE html><!-- <a href="/comment"> --><html><head><link rel=x href=/style.css><title><a href="/title"></title>
<script src='/app.js'>if (a < b) document.write('<a href="/script">')</script><base HREF = "/base/"></head>
<body data-href="/data" background="/b.png"><a class="x>y" href="/one?a=1&amp;b=2">1</a><A HREF="/two">2</A><a href="three">3</a>
<img src="/i.png" alt="a/b" longdesc="/l"/><form action="/f"><p title="/p">x < y</p> <3 ü</body></html>`
const { prefix } = place
const rewritten = page
  .replace('href=/style.css', `href="${prefix}/style.css"`)
  .replace("src='/app.js'", `src='${prefix}/app.js'`)
  .replace('"/base/"', `"${prefix}/base/"`)
  .replace('"/b.png"', `"${prefix}/b.png"`)
  .replace('"/one', `"${prefix}/one`)
  .replace('"/two', `"${prefix}/two`)
  .replace('"/i.png"', `"${prefix}/i.png"`)
  .replace('"/l"', `"${prefix}/l"`)
  .replace('"/f"', `"${prefix}/f"`)

const through = (chunks: readonly Buffer[]): Promise<string> => text(Readable.from(chunks).pipe(createLinkRewriter(rewrite)))

test('links of elements are rewritten, and nothing else is touched', async () => {
  assert.is(await through([Buffer.from(page)]), rewritten)
})

test('a page may be cut anywhere', async () => {
  const bytes = Buffer.from(page)
  for (const size of [1, 2, 3, 7, 50]) {
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    assert.is(await through(chunks), rewritten, `pieces of ${size} bytes`)
  }
})

test('what is no page comes out as it went in', async () => {
  const odd = ['<', '<a', '<a href="', '<!-', '<!-- open', '<script>open', 'a<b>c</b', '<a href="/x', '']
  for (const part of odd) assert.is(await through([Buffer.from(part)]), part)
  const bytes = Buffer.from(Array.from({ length: 2048 }, (_unused, index) => index % 256))
  const chunks: Buffer[] = []
  for await (const chunk of Readable.from([bytes]).pipe(createLinkRewriter(rewrite))) chunks.push(chunk as Buffer)
  assert.ok(Buffer.concat(chunks).equals(bytes))
})

test('a tag without an end does not gather the whole page', async () => {
  const endless = `<a href="${'x'.repeat(200_000)}`
  assert.is(await through([Buffer.from(endless), Buffer.from('<b>')]), `${endless}<b>`)
})
