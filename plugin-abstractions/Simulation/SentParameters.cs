using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Simulation;

/// <summary>What stands in a request's path, query and body, by the names it has there.</summary>
internal sealed class SentParameters
{
    private readonly string method;
    private readonly string[] segments;
    private readonly JsonObject sent;

    public SentParameters(SimulatedRequest request)
    {
        method = request.Method;
        segments = [.. request.Path.Split('/').Select(Uri.UnescapeDataString)];
        sent = Read(request);
    }

    /// <summary>The parameters, when the operation's request looks like this one.</summary>
    public JsonElement? Match(OperationManifest operation)
    {
        if (operation.Http is not { } http || !string.Equals(http.Method, method, StringComparison.OrdinalIgnoreCase))
            return null;

        var pattern = PathOf(http.Path).Split('/');
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

        return JsonElement.Parse(JsonSerializer.SerializeToUtf8Bytes(parameters));
    }

    private static JsonObject Read(SimulatedRequest request)
    {
        var sent = new JsonObject();
        Add(FormPairs.ReadQuery(request.Query), sent);
        if (request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true)
        {
            Add(FormPairs.Read(request.Body.Span), sent);
        }
        else if (Parse(request.Body.Span) is JsonObject members)
        {
            foreach (var (name, value) in members)
                sent[name] = value?.DeepClone();
        }

        return sent;
    }

    /// <summary>A repeated name has all its values, with commas between; <c>a[b]</c> stands under its own name and as a member of <c>a</c>.</summary>
    private static void Add(List<KeyValuePair<string, string>>? pairs, JsonObject sent)
    {
        foreach (var pair in (pairs ?? []).GroupBy(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase))
        {
            var value = string.Join(',', pair);
            sent[pair.Key] = value;
            if (pair.Key.IndexOf('[', StringComparison.Ordinal) is var bracket and > 0 && pair.Key.EndsWith(']'))
                Nest(sent, [pair.Key[..bracket], .. pair.Key[(bracket + 1)..^1].Split("][")], value);
        }
    }

    private static void Nest(JsonObject into, string[] names, string value)
    {
        foreach (var name in names[..^1])
        {
            if (into[name] is not JsonObject inner)
                into[name] = inner = [];

            into = inner;
        }

        into[names[^1]] = value;
    }

    /// <summary>The path of an operation that names a host of its own is what follows it.</summary>
    private static string PathOf(string path)
    {
        path = path.Split('?')[0];
        var scheme = path.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return path;

        var slash = path.IndexOf('/', scheme + 3);
        return slash < 0 ? "" : path[slash..];
    }

    private static JsonNode? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return body.IsEmpty ? null : JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
