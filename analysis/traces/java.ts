// Reads the traces of the JVM: Java, Kotlin, Scala, Groovy, and Android's.
// Must never join lines; at-joining does.
import type { Frame, Trace } from '../trace.ts';
import { findExceptionHead, readExceptionHead } from './exception-head.ts';
import type { ExceptionHead } from './exception-head.ts';
import { indentationOf } from './join-rules.ts';
import { chainOf, frameOf, MAX_CAUSES, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

export const javaReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      const frame = readJavaFrame(line);
      if (frame !== undefined) weight += 2;
      else if (/^\s*(?:Caused by|Suppressed): \S/.test(line) || /^\s+\.\.\. \d+ (?:more|common frames)/.test(line)) weight += 1;
    }
    return weight;
  },
  read(lines) {
    const main: Trace[] = [];
    const suppressed: Trace[] = [];
    let section: JavaSection | undefined;
    let before: string[] = [];
    const close = (): void => {
      if (section === undefined || main.length + suppressed.length > MAX_CAUSES * 2) return;
      const trace = traceOf('java', section);
      if (section.kind === 'suppressed') suppressed.push(trace);
      else main.push(trace);
    };
    for (const line of lines) {
      const frame = readJavaFrame(line);
      const text = line.trim();
      const mark = text.startsWith('Caused by: ') ? 'cause' : text.startsWith('Suppressed: ') ? 'suppressed' : undefined;
      if (mark !== undefined) {
        close();
        const head = readHead([text.slice(text.indexOf(': ') + 2)]);
        // What caused a suppressed exception stays with the suppressed.
        const kind = mark === 'cause' && section?.kind === 'suppressed' && indentationOf(line) > 0 ? 'suppressed' : mark;
        section = { kind, ...head, frames: [] };
      } else if (frame !== undefined) {
        if (section === undefined || (before.length > 0 && section.frames.length > 0 && before.some((head) => findExceptionHead(head)))) {
          if (section !== undefined) break;
          section = { kind: 'cause', ...readHead(before), frames: [] };
        }
        before = [];
        section.frames.push(frame);
      } else if (text.startsWith('... ')) continue;
      else if (section !== undefined && section.frames.length === 0) section.message += `\n${text}`;
      else if (text !== '' && before.length < 64) before.push(line);
    }
    close();
    const chain = chainOf(main);
    return chain === undefined ? suppressed[0] : { ...chain, related: suppressed };
  },
};

interface JavaSection {
  readonly kind: 'cause' | 'suppressed';
  readonly type: string | undefined;
  message: string;
  readonly frames: Frame[];
}

/** The lines before the first frame: the exception is the last one that names one, the rest of its message follows. */
function readHead(before: readonly string[]): { readonly type: string | undefined; readonly message: string } {
  let start = before.findLastIndex((line) => findExceptionHead(line) !== undefined);
  if (start < 0) start = Math.max(0, before.length - 1);
  const first = (before[start] ?? '').replace(/^.{0,40}Exception in thread "[^"]{0,200}" /, '').replace(/^== Java Exception: /, '');
  const head: ExceptionHead | undefined = isQualified(first) ? readExceptionHead(first) : findExceptionHead(first);
  const rest = before.slice(start + 1).map((line) => line.trim());
  return { type: head?.type, message: [head?.message ?? first, ...rest].join('\n') };
}

/** `com.shop.Declined: …` at the line's start, whatever the class is called. */
function isQualified(line: string): boolean {
  return /^\s*(?:[a-z][\w$]{0,60}\.){1,20}[A-Z][\w$]{0,200}(?::|$)/.test(line);
}

/** `\tat java.base/java.lang.Integer.parseInt(Integer.java:668) ~[lib.jar:1.2]`. */
function readJavaFrame(line: string): Frame | undefined {
  const start = indentationOf(line);
  if (!line.startsWith('at ', start)) return undefined;
  const open = line.indexOf('(', start + 3);
  const close = line.indexOf(')', open);
  if (open < 0 || close < 0 || open === start + 3) return undefined;
  const qualified = line.slice(start + 3, open);
  const place = line.slice(open + 1, close);
  if (qualified.includes(' ') || !qualified.includes('.') || !isJavaPlace(place)) return undefined;
  const slash = qualified.lastIndexOf('/');
  const name = slash < 0 ? qualified : qualified.slice(slash + 1);
  const colon = place.lastIndexOf(':');
  const number = colon > 0 ? Number(place.slice(colon + 1)) : Number.NaN;
  const file = colon > 0 ? place.slice(0, colon) : place.endsWith('.java') || place.endsWith('.kt') ? place : undefined;
  return frameOf({
    function: name,
    file: file === 'Unknown Source' ? undefined : file,
    line: Number.isInteger(number) ? number : undefined,
    module: slash > 0 ? qualified.slice(0, slash) : jarOf(line.slice(close + 1)),
    inApp: isApp(name),
  });
}

function isJavaPlace(place: string): boolean {
  return (
    place === 'Native Method' ||
    place === 'Unknown Source' ||
    /^[\w$ .<>-]{1,200}\.(?:java|kt|kts|scala|groovy|clj|rb|py|js)(?::\d{1,9})?$/.test(place) ||
    /^(?:SourceFile|Unknown Source|<generated>|r8-map-id-\w+|D8\$\$\w+)(?::\d{1,9})?$/.test(place)
  );
}

/** `~[spring-web-5.3.jar!/:5.3]` → `spring-web-5.3.jar`. */
function jarOf(rest: string): string | undefined {
  const open = rest.indexOf('[');
  const end = rest.indexOf('.jar', open);
  return open < 0 || end < 0 ? undefined : rest.slice(open + 1, end + 4);
}

/** Packages of the platform and of libraries that call applications, and seldom are at fault themselves. */
const LIBRARIES: readonly string[] = words(`
    java. javax. jakarta. jdk. sun. com.sun. kotlin. kotlinx. scala. groovy. clojure. akka. play.api. android. androidx.
    com.android. dalvik. libcore. org.apache. org.springframework. org.hibernate. org.eclipse. org.mortbay. org.jboss.
    org.junit. junit. org.gradle. org.codehaus. org.slf4j. ch.qos.logback. io.netty. io.grpc. io.undertow. io.vertx.
    io.micronaut. io.quarkus. io.reactivex. io.opentelemetry. io.micrometer. reactor. rx. okhttp3. okio. retrofit2.
    com.fasterxml. com.google.common. com.google.gson. com.google.inject. com.zaxxer. com.mysql. org.postgresql. oracle.
    org.h2. com.mongodb. redis.clients. io.lettuce. feign. net.sf.cglib. net.bytebuddy. org.aspectj. org.mockito.
    com.code_intelligence.
  `);

function isApp(name: string): boolean {
  if (LIBRARIES.some((prefix) => name.startsWith(prefix))) return false;
  return !/\$\$Lambda|\$Proxy\d|CGLIB\$\$|EnhancerBy|\$\$FastClass|GeneratedMethodAccessor/.test(name);
}
