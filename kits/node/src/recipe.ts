/** A document of a recipe: of the host itself, or an array of behaviors. */
export interface Call {
  kind: string;
  document: unknown;
}

/** A delivery failure of the cookbook; `places` are the paths of its parameters. */
export interface Recipe {
  calls: Call[];
  places: Record<string, (string | number)[][]>;
}

/** What can apply recipes. */
export abstract class RecipeHost {
  protected abstract recipes(): Record<string, Recipe>;

  /** Send the documents of a recipe. */
  protected abstract apply(calls: Call[]): Promise<void>;

  /** Apply a recipe by its name, for example from a list of failures. */
  async applyRecipe(name: string, values: Record<string, unknown> = {}): Promise<void> {
    const recipe = this.recipes()[name];
    if (recipe === undefined) {
      throw new TypeError(`no recipe ${JSON.stringify(name)}; see Object.keys(RECIPES)`);
    }
    await this.apply(filled(name, recipe, values));
  }
}

/** The documents of a recipe with other values. */
function filled(name: string, recipe: Recipe, values: Record<string, unknown>): Call[] {
  const calls = structuredClone(recipe.calls);
  const documents = calls.map((call) => call.document);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const places = recipe.places[key];
    if (key === "times") {
      const behaviors = calls.filter((call) => call.kind === "behaviors").flatMap((call) => call.document as object[]);
      for (const behavior of behaviors) Object.assign(behavior, { numberOfAnswer: value });
    } else if (places === undefined) {
      const known = [...Object.keys(recipe.places), "times"].join(", ");
      throw new TypeError(`recipe ${name} has no parameter ${JSON.stringify(key)}; one of: ${known}`);
    } else {
      for (const place of places) put(documents, place, value);
    }
  }
  return calls;
}

/** Set one value; a condition gets another `matchingValue`, or is removed. */
function put(documents: unknown, place: (string | number)[], value: unknown): void {
  type Node = Record<string | number, unknown>;
  const last = place.at(-1)!;
  const parent = place.slice(0, -1).reduce((node, key) => (node as Node)[key], documents) as Node;
  if (last !== "condition") parent[last] = value;
  else if (value === null) delete parent[last];
  else (parent[last] as Node).matchingValue = value;
}
