// Adaptive Cards as Teams draws them: Microsoft's renderer, our text, colours and charts.

import { drawCharts } from "./charts.js";
import { mentionedIn, prepare, safeAddress, toHtml, withoutMarks } from "./text.js";

const AC = window.AdaptiveCards;
const COLORS = ["default", "dark", "light", "accent", "good", "warning", "attention"];
const STYLES = ["default", "emphasis", "accent", "good", "warning", "attention"];
let hostConfig;

// Must be awaited once before the first card. Without charts each shows its fallback.
export async function prepareCards({ charts = true } = {}) {
  const response = await fetch("/page/hostconfig.json");
  hostConfig = new AC.HostConfig({ ...(await response.json()), containerStyles: containerStyles() });
  AC.GlobalSettings.allowMoreThanMaxActionsInOverflowMenu = true;
  AC.GlobalSettings.setTabIndexAtCardRoot = false;
  AC.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = toHtml(text);
    result.didProcess = true;
  };
  if (charts) drawCharts(AC);
}

// Colours are the theme's variables: a change of the theme keeps what was typed.
function containerStyles() {
  const foregroundColors = Object.fromEntries(
    COLORS.map((color) => {
      const own = color === "default" ? "text" : `text-${color}`;
      const subtle = color === "default" ? "text-subtle" : own;
      return [color, { default: `var(--${own})`, subtle: `var(--${subtle})` }];
    }),
  );
  return Object.fromEntries(
    STYLES.map((style) => [style, { backgroundColor: `var(--card-${style})`, borderColor: `var(--card-${style}-edge)`, foregroundColors }]),
  );
}

// The card with its texts prepared; the original stays as it came.
function readied(node, mentioned) {
  if (Array.isArray(node)) return node.map((child) => readied(child, mentioned));
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, readied(value, mentioned)]));
  if (node.type === "TextBlock") copy.text = prepare(node.text ?? "", mentioned);
  if (node.type === "TextRun") copy.text = withoutMarks(node.text ?? "");
  if (node.type === "FactSet" && Array.isArray(node.facts)) {
    copy.facts = node.facts.map((fact) => ({ ...fact, title: prepare(fact?.title ?? "", mentioned), value: prepare(fact?.value ?? "", mentioned) }));
  }
  return copy;
}

// Return the drawn card; `press(action)` is called for Submit and Execute once their
// inputs are valid. Throws when `json` is no card.
export function drawCard(json, press) {
  if (json?.type !== "AdaptiveCard") throw new Error("not a card");
  const card = new AC.AdaptiveCard();
  card.hostConfig = hostConfig;
  card.onExecuteAction = (action) => {
    if (action instanceof AC.OpenUrlAction) open(action.url);
    else if (action instanceof AC.SubmitAction || action instanceof AC.ExecuteAction) press(action);
  };
  card.parse(readied(json, mentionedIn(json?.msteams?.entities)));
  const drawn = card.render();
  const frame = document.createElement("div");
  frame.className = json?.msteams?.width?.toLowerCase?.() === "full" ? "card card-full" : "card";
  frame.append(drawn);
  return frame;
}

function open(address) {
  if (safeAddress(address)) window.open(address, "_blank", "noopener,noreferrer");
}

export function inputsOf(action) {
  const set = Object.values(action.getReferencedInputs() ?? {}).filter((input) => input.id && input.isSet());
  return Object.fromEntries(set.map((input) => [input.id, String(input.value)]));
}

// One line that says what a card is about: its fallback text, else its first words.
export function spokenCard(json) {
  if (json?.fallbackText) return withoutMarks(json.fallbackText);
  return texts(json).slice(0, 3).join(", ");
}

export function texts(node, found = []) {
  if (Array.isArray(node)) node.forEach((child) => texts(child, found));
  else if (node && typeof node === "object") {
    if (node.type === "TextBlock" && node.text) found.push(withoutMarks(node.text));
    if (node.type === "RichTextBlock") found.push((node.inlines ?? []).map((run) => withoutMarks(run?.text ?? run)).join(""));
    for (const key of ["body", "items", "columns"]) texts(node[key], found);
  }
  return found;
}
