package mocksmtptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Values are the parameters of a recipe, as in the cookbook: Values{"activeFor": "2s", "times": 1}.
//
// With "times", each behavior answers so often.
type Values map[string]any

type call struct {
	Kind     string `json:"kind"`
	Document any    `json:"document"`
}

type recipe struct {
	Calls  []call             `json:"calls"`
	Places map[string][][]any `json:"places"`
}

var recipeTexts = sync.OnceValue(func() map[string]json.RawMessage {
	var texts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(recipesJSON), &texts); err != nil {
		panic(err)
	}
	return texts
})

// RecipeNames returns the names of all recipes, for ApplyRecipe.
func RecipeNames() []string { return slices.Sorted(maps.Keys(recipeTexts())) }

// ApplyRecipe applies a recipe by its name, for example from a list of failures.
func (h *Host) ApplyRecipe(name string, values ...Values) {
	h.t.Helper()
	h.apply(name, values)
}

func (h *Host) apply(name string, values []Values) {
	h.t.Helper()
	calls, err := filled(name, values)
	h.check(err)
	for _, call := range calls {
		if call.Kind == "host" {
			h.Change(call.Document.(map[string]any))
			continue
		}
		h.addBehaviors(call.Document)
	}
}

// filled returns the documents of a recipe with other values.
func filled(name string, values []Values) ([]call, error) {
	text, ok := recipeTexts()[name]
	if !ok {
		return nil, fmt.Errorf("no recipe %q; see RecipeNames", name)
	}
	var recipe recipe
	if err := json.Unmarshal(text, &recipe); err != nil {
		return nil, err
	}
	for _, some := range values {
		for key, value := range some {
			if err := recipe.set(name, key, value); err != nil {
				return nil, err
			}
		}
	}
	return recipe.Calls, nil
}

func (r *recipe) set(name, key string, value any) error {
	if duration, ok := value.(time.Duration); ok {
		value = milliseconds(duration)
	}
	if key == "times" {
		for _, call := range r.Calls {
			behaviors, _ := call.Document.([]any)
			for _, behavior := range behaviors {
				behavior.(map[string]any)["numberOfAnswer"] = value
			}
		}
		return nil
	}
	places, ok := r.Places[key]
	if !ok {
		known := append(slices.Sorted(maps.Keys(r.Places)), "times")
		return fmt.Errorf("recipe %s has no parameter %q; one of: %s", name, key, strings.Join(known, ", "))
	}
	for _, place := range places {
		number := int(place[0].(float64))
		put(r.Calls[number].Document, place[1:], value)
	}
	return nil
}

// put sets one value; a condition gets another matchingValue, or is removed.
func put(document any, place []any, value any) {
	for _, key := range place[:len(place)-1] {
		document = child(document, key)
	}
	last := place[len(place)-1]
	switch parent := document.(type) {
	case []any:
		parent[int(last.(float64))] = value
	case map[string]any:
		switch key := last.(string); {
		case key != "condition":
			parent[key] = value
		case value == nil:
			delete(parent, key)
		default:
			parent[key].(map[string]any)["matchingValue"] = value
		}
	}
}

func child(document, key any) any {
	if index, ok := key.(float64); ok {
		return document.([]any)[int(index)]
	}
	return document.(map[string]any)[key.(string)]
}
