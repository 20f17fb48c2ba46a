using System.Collections.Concurrent;
using System.Text.Json;
using IntegrationHub.Testing.Http;

namespace IntegrationHub.Testing.Running;

/// <summary>Looks for the secrets of made-up connections where they must not be. Thread-safe.</summary>
/// <param name="connections">Who made the secrets.</param>
/// <param name="queryByDesign">Query parameters that the manifest says carry credentials.</param>
/// <param name="secretResults">By operation: members of the result that are credentials themselves.</param>
internal sealed class SecretWatch(ConnectionMaker connections, IReadOnlySet<string> queryByDesign, IReadOnlyDictionary<string, IReadOnlySet<string>> secretResults)
{
    private readonly ConcurrentDictionary<(string Where, string Operation), string> leaks = new();
    private int results;
    private int requests;

    /// <summary>Results, errors and exceptions of connections with secrets that were searched.</summary>
    public int Results => results;

    /// <summary>Requests on behalf of connections with secrets that were searched.</summary>
    public int Requests => requests;

    /// <summary>Places (<c>result</c>, <c>error</c>, <c>exception</c>, <c>query</c>, <c>host</c>, <c>foreign</c>) with the operation concerned.</summary>
    public IReadOnlyCollection<(string Where, string Operation, string Detail)> Leaks =>
        [.. leaks.Select(leak => (leak.Key.Where, leak.Key.Operation, leak.Value)).OrderBy(leak => leak.Where, StringComparer.Ordinal).ThenBy(leak => leak.Operation, StringComparer.Ordinal)];

    public void Inspect(CallOutcome outcome)
    {
        var own = SecretForms.Of(connections.SecretsOf(outcome.Connection));
        if (own.Count == 0)
            return;

        if (outcome.Fault is not null || outcome.Result is not null)
            Interlocked.Increment(ref results);

        if (outcome.Fault is { } fault)
            Look("exception", outcome, fault, own, "");

        if (outcome.Result is { } result)
        {
            Look("result", outcome, Shown(outcome.Operation, result.Value) + Raw(result.Items) + result.NextCursor + result.ProviderRequestId + outcome.Content, own, "");
            if (result.Error is { } error)
                Look("error", outcome, error.Message + " " + error.ProviderCode + " " + error.ProviderRequestId + " " + string.Join(' ', error.Issues), own, "");
        }

        foreach (var request in outcome.Requests)
            Inspect(outcome, request, own);
    }

    /// <summary>Whether a text holds any secret that was ever made up.</summary>
    public bool Holds(string text) => SecretForms.OccursIn(text, SecretForms.Of(connections.AllSecrets));

    private void Inspect(CallOutcome outcome, RecordedRequest request, IReadOnlyList<string> own)
    {
        Interlocked.Increment(ref requests);
        foreach (var pair in request.Address.Query.TrimStart('?').Split('&').Where(pair => !queryByDesign.Contains(Uri.UnescapeDataString(pair.Split('=')[0]))))
            Look("query", outcome, pair, own, $"the parameter '{Uri.UnescapeDataString(pair.Split('=')[0])}'");

        if (request.Denied is not null)
            Look("host", outcome, request.Address + " " + string.Join(' ', request.Headers.Values) + " " + request.BodyText, own, request.Address.Host);

        var foreign = SecretForms.Of(connections.AllSecrets.Except(connections.SecretsOf(outcome.Connection), StringComparer.Ordinal));
        Look("foreign", outcome, request.Address + " " + string.Join(' ', request.Headers.Values) + " " + request.BodyText, foreign, "");
    }

    private void Look(string where, CallOutcome outcome, string text, IReadOnlyList<string> forms, string detail)
    {
        if (SecretForms.OccursIn(text, forms))
            leaks.TryAdd((where, outcome.Operation), detail);
    }

    private string Shown(string operation, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && secretResults.TryGetValue(operation, out var secret)
            ? string.Join(' ', value.EnumerateObject().Where(member => !secret.Contains(member.Name)).Select(member => member.Value.GetRawText()))
            : Raw(value);

    private static string Raw(JsonElement? element) => element is { ValueKind: not JsonValueKind.Undefined } value ? value.GetRawText() : "";
}
