using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using Microsoft.AspNetCore.WebUtilities;

namespace IntegrationHub.Host.Simulators;

/// <summary>A request to a simulator, matched against operations by method and path. Parameters are what stands in path, query and body, by the names they have there.</summary>
internal sealed class SimulatedRequest(string method, string[] segments, JsonObject sent)
{
    public static SimulatedRequest Read(HttpRequest request, string path, byte[] body)
    {
        var sent = new JsonObject();
        foreach (var (name, values) in request.Query)
            sent[name] = values.ToString();

        if (request.HasFormContentType && request.ContentType!.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            foreach (var (name, values) in QueryHelpers.ParseQuery(System.Text.Encoding.UTF8.GetString(body)))
                sent[name] = values.ToString();
        }
        else if (Parse(body) is JsonObject members)
        {
            foreach (var (name, value) in members)
                sent[name] = value?.DeepClone();
        }

        return new SimulatedRequest(request.Method, path.Split('/'), sent);
    }

    /// <summary>The parameters, when the operation's request looks like this one.</summary>
    public JsonElement? Match(OperationManifest operation)
    {
        if (operation.Http is not { } http || !string.Equals(http.Method, method, StringComparison.OrdinalIgnoreCase))
            return null;

        var pattern = http.Path.Split('?')[0].Split('/');
        if (pattern.Length != segments.Length)
            return null;

        var parameters = (JsonObject)sent.DeepClone();
        for (var i = 0; i < pattern.Length; i++)
        {
            var open = pattern[i].IndexOf('{', StringComparison.Ordinal);
            var close = pattern[i].IndexOf('}', StringComparison.Ordinal);
            if (open < 0 || close < open)
            {
                if (pattern[i] != segments[i])
                    return null;

                continue;
            }

            var (before, after) = (pattern[i][..open], pattern[i][(close + 1)..]);
            if (segments[i].Length < before.Length + after.Length + 1 || !segments[i].StartsWith(before, StringComparison.Ordinal) || !segments[i].EndsWith(after, StringComparison.Ordinal))
                return null;

            var name = pattern[i][(open + 1)..close].Split('|')[0];
            if (name.StartsWith("params.", StringComparison.Ordinal))
                parameters[name["params.".Length..]] = segments[i][before.Length..^after.Length];
        }

        return JsonSerializer.SerializeToElement(parameters);
    }

    /// <summary>Whether every pointer leads to its value. Forms carry text only, so a number equals the text that writes it.</summary>
    public static bool Holds(IReadOnlyDictionary<string, JsonElement> when, JsonElement parameters) =>
        when.All(condition => JsonPointer.Parse(condition.Key).TryEvaluate(parameters, out var found) && found.ToString() == condition.Value.ToString());

    private static JsonNode? Parse(byte[] body)
    {
        try
        {
            return body.Length == 0 ? null : JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
