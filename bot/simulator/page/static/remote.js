// The simulator's remote control, and what the page makes of its answers.

export const FALLBACK_BOT = { key: "", name: "Watchkeeper", bot: true };

async function ask(path, body) {
  const wishes = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, wishes);
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = text.length < 300 ? text : null;
  }
  return { status: response.status, answer };
}

async function listed(path, names) {
  const { status, answer } = await ask(path);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  const found = names.map((name) => answer?.[name]).find(Array.isArray);
  return Array.isArray(answer) ? answer : (found ?? []);
}

export async function people() {
  const all = await listed("/sim/people", ["people"]);
  return all.map((one) => ({ key: String(one.key ?? one.id), name: String(one.name ?? one.key ?? one.id), note: roleOf(one), bot: one.bot === true || one.role === "bot" }));
}

function roleOf(one) {
  const roles = Array.isArray(one.roles) ? one.roles.join(", ") : (one.role ?? "");
  const more = one.guest ? "guest" : one.outside || one.tenant_note ? "another tenant" : "";
  return [roles || (more ? "" : "no role"), more].filter(Boolean).join(", ");
}

export async function conversations() {
  const all = await listed("/sim/conversations", ["conversations"]);
  return all.map((one) => ({ id: String(one.id), name: String(one.name || one.key || one.id), team: one.team_name ?? one.team ?? "", personal: one.kind === "personal" || one.conversationType === "personal", members: Array.isArray(one.members) ? one.members.map((member) => String(member?.key ?? member)) : undefined }));
}

export async function activities() {
  return (await listed("/sim/activities", ["activities"])).map(activity);
}

// ";messageid=" names the thread, not another conversation.
export function activity(raw) {
  const [conversation, thread] = String(raw.conversation?.id ?? raw.conversation ?? "").split(";messageid=");
  const edits = Array.isArray(raw.edits) ? raw.edits.length : Number(raw.edits ?? 0);
  const root = raw.replyToId || thread || "";
  return { id: String(raw.id), conversation, thread: root === String(raw.id) ? "" : String(root), from: raw.from ?? {}, text: raw.text ?? "", card: raw.card ?? undefined, deleted: Boolean(raw.deleted), edits, at: new Date(raw.at ?? Date.now()), entities: raw.entities ?? [] };
}

export function isBot(from) {
  return from?.role === "bot" || String(from?.id ?? "").startsWith("28:");
}

export async function offers() {
  const { answer } = await ask("/page/offers.json");
  return answer ?? {};
}

export async function hints() {
  return (await ask("/sim/hints")).answer;
}

export async function azure() {
  return (await ask("/sim/azure")).answer;
}

export async function say(person, words) {
  const { status, answer } = await ask(`/sim/people/${encodeURIComponent(person)}/say`, words);
  if (status >= 400) throw new Error(told(answer) ?? `not sent (${status})`);
}

// What came of a click, in the page's words. Never throws.
export async function click(person, press) {
  try {
    const { status, answer } = await ask(`/sim/people/${encodeURIComponent(person)}/click`, press);
    return outcome(status, answer);
  } catch {
    return { kind: "refused", text: "The bot could not be reached. Try again." };
  }
}

export function outcome(status, answer) {
  const task = answer?.task;
  if (task?.type === "continue") return { kind: "dialog", title: String(task.value?.title ?? ""), card: task.value?.card?.content ?? task.value?.card };
  if (task?.type === "message") return { kind: "said", text: String(task.value ?? "") };
  const { type, value, statusCode = status } = answer ?? {};
  if (statusCode >= 400 || status >= 400 || type === "application/vnd.microsoft.error") {
    return { kind: "refused", text: told(value) ?? told(answer) ?? "Something went wrong. Try again." };
  }
  if (type === "application/vnd.microsoft.card.adaptive") return { kind: "card", card: value };
  if (type === "application/vnd.microsoft.activity.message" && value) return { kind: "said", text: String(value) };
  return { kind: "nothing" };
}

function told(answer) {
  if (typeof answer === "string" && answer.trim()) return answer;
  const text = answer?.error?.message ?? answer?.message ?? answer?.error;
  return typeof text === "string" && text ? text : undefined;
}
