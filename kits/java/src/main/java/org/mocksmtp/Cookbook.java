package org.mocksmtp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The documents of the recipes, from recipes.json of the service. */
final class Cookbook {
    private static final String TIMES = "times";
    private static final String TAG = "tag";
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Map<String, JsonNode> RECIPES = read();

    private Cookbook() {}

    private static Map<String, JsonNode> read() {
        try (InputStream file = Cookbook.class.getResourceAsStream("/org/mocksmtp/recipes.json")) {
            Map<String, JsonNode> found = new LinkedHashMap<>();
            MAPPER.readTree(file).forEach(one -> found.put(one.get("name").asText(), one));
            return found;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Apply a recipe to a host, with other values for some of its parameters. */
    static void apply(MockHost host, String name, Map<String, ?> values) {
        JsonNode recipe = RECIPES.get(name);
        List<JsonNode> documents = new ArrayList<>();
        recipe.get("calls").forEach(call -> documents.add(call.get("document").deepCopy()));
        values.forEach((key, value) -> set(recipe, documents, key, MAPPER.valueToTree(value)));
        for (int i = 0; i < documents.size(); i++) {
            JsonNode document = documents.get(i);
            if (isBehaviors(recipe.get("calls").get(i))) {
                host.addBehaviors(document.toString());
            } else {
                host.change((ObjectNode) document);
            }
        }
    }

    private static boolean isBehaviors(JsonNode call) {
        return call.get("kind").asText().equals("behaviors");
    }

    private static void set(
            JsonNode recipe, List<JsonNode> documents, String name, JsonNode value) {
        boolean isOfBehaviors = name.equals(TIMES) || name.equals(TAG);
        List<String> known = new ArrayList<>();
        for (JsonNode parameter : recipe.get("parameters")) {
            known.add(parameter.get("name").asText());
            if (parameter.get("name").asText().equals(name)) {
                parameter.get("places").forEach(place -> put(documents, place, value));
                return;
            }
        }
        int found = 0;
        for (int i = 0; i < documents.size(); i++) {
            if (isOfBehaviors && isBehaviors(recipe.get("calls").get(i))) {
                String field = name.equals(TIMES) ? "numberOfAnswer" : TAG;
                documents.get(i).forEach(one -> ((ObjectNode) one).set(field, value));
                found++;
            }
        }
        if (found == 0) {
            throw new IllegalArgumentException(
                    "recipe " + recipe.get("name").asText() + " has no parameter '" + name
                            + "'; one of: " + String.join(", ", known));
        }
    }

    /** Set one value; a condition gets another matchingValue, or is removed. */
    private static void put(List<JsonNode> documents, JsonNode place, JsonNode value) {
        int last = place.size() - 1;
        JsonNode parent = documents.get(place.get(0).asInt());
        for (int i = 1; i < last; i++) {
            parent = child(parent, place.get(i));
        }
        String key = place.get(last).asText();
        if (!key.equals("condition")) {
            ((ObjectNode) parent).set(key, value);
        } else if (value.isNull()) {
            ((ObjectNode) parent).remove(key);
        } else {
            ((ObjectNode) parent.get(key)).set("matchingValue", value);
        }
    }

    private static JsonNode child(JsonNode parent, JsonNode key) {
        return key.isInt() ? parent.get(key.asInt()) : parent.get(key.asText());
    }
}
