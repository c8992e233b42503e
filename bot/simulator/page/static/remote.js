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
  return all.map((one) => ({ key: String(one.key), name: String(one.name), note: roleOf(one, all[0].tenant), bot: false }));
}

// The first one listed is at home; somebody of another tenant is worth knowing.
function roleOf(one, home) {
  const roles = (one.roles ?? []).join(", ") || "no role";
  return [roles, one.guest && "guest", one.tenant !== home && "another tenant"].filter(Boolean).join(", ");
}

export async function conversations() {
  const all = await listed("/sim/conversations", ["conversations"]);
  return all.map((one) => ({ id: String(one.id), name: String(one.name), team: one.team ?? "", personal: one.kind === "personal", members: one.members ?? [] }));
}

export async function activities() {
  return (await listed("/sim/activities", ["activities"])).map(activity);
}

// ";messageid=" names the thread, not another conversation.
export function activity(raw) {
  const [conversation, thread] = String(raw.conversation).split(";messageid=");
  const root = raw.replyToId || thread || "";
  return { id: String(raw.id), conversation, thread: root === String(raw.id) ? "" : String(root), from: raw.from ?? {}, text: raw.text ?? "", card: raw.card ?? undefined, summary: raw.summary ?? "", deleted: Boolean(raw.deleted), edits: Number(raw.edits ?? 0), at: new Date(raw.at ?? Date.now()) };
}

export function isBot(from) {
  return from?.kind === "bot" || String(from?.id ?? "").startsWith("28:");
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

// Return what went wrong, "" for nothing; throws when it was not even posted.
export async function say(person, words) {
  const { status, answer } = await ask(`/sim/people/${encodeURIComponent(person)}/say`, words);
  if ([400, 403, 404, 422].includes(status)) throw new Error(told(answer) ?? "refused");
  return status >= 400 ? "The bot did not answer." : "";
}

// What came of a click, in the page's words. Never throws. Inputs are left out when
// there are none: with them the remote control would fill in and send a dialog by itself.
export async function click(person, { inputs, ...press }) {
  if (Object.keys(inputs).length) press.inputs = inputs;
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
