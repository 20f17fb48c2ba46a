using System.Text;
using System.Text.Json;
using IntegrationHub.Testing.Generation;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Made-up parameters: what the schema must refuse, and what it allows and nobody thought of.</summary>
internal static class FuzzChecks
{
    public static async Task RunAsync(SuiteContext suite, CancellationToken cancellationToken)
    {
        suite.Log.Run("fuzz.invalid", "spoiled parameters are refused by the schema", log => Invalid(suite, log));
        await suite.Log.RunAsync("fuzz.valid", "odd but valid parameters never make a fault or a malformed request", log => ValidAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
        await suite.Log.RunAsync("fuzz.hostile", "broken Unicode and deep nesting are refused, or make no fault", log => HostileAsync(suite, log, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private static void Invalid(SuiteContext suite, CheckLog log)
    {
        foreach (var operation in suite.Operations)
        {
            if (operation.Operation.Params is not { } schema || operation.Full is not { } full)
                continue;

            var random = new Random(suite.Options.Seed);
            var spoiled = SchemaSpoiler.Spoil(schema, full).ToArray();
            random.Shuffle(spoiled);
            foreach (var (value, why) in spoiled.Take(suite.Options.FuzzCases * 4))
            {
                log.Case();
                if (operation.IsValid(value))
                    log.Error(operation.Pointer + "/params", $"The schema of '{operation.Name}' lets through: {why}.", "Describe the parameter's type and bounds.");
            }

            Loose(log, operation, schema);
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation has a schema that could refuse something");
    }

    /// <summary>A schema that describes properties, and lets misspelt ones pass, refuses nothing where it matters.</summary>
    private static void Loose(CheckLog log, OperationSamples operation, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
            return;

        foreach (var property in properties.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.Object && !Says(property.Value))
                log.Warn($"{operation.Pointer}/params/properties/{property.Name}", $"The parameter '{property.Name}' may be anything.", "Give it a \"type\".");
    }

    private static bool Says(JsonElement schema) =>
        schema.EnumerateObject().Any(keyword => keyword.Name is "type" or "enum" or "$ref" or "allOf" or "anyOf" or "oneOf" or "properties" or "items" or "x-any");

    private static async Task ValidAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations.Where(operation => operation.Operation.Params is not null))
        {
            foreach (var parameters in operation.MadeUp(suite.Options.FuzzCases))
            {
                cancellationToken.ThrowIfCancellationRequested();
                log.Case();
                await JudgeAsync(suite, log, operation, parameters).ConfigureAwait(false);
                if (suite.Caller.GaveUp)
                    return;
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation has a schema to make parameters from");
    }

    private static async Task HostileAsync(SuiteContext suite, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var operation in suite.Operations.Where(operation => operation.Full is { ValueKind: JsonValueKind.Object }))
        {
            foreach (var text in Hostile(operation.Full!.Value))
            {
                cancellationToken.ThrowIfCancellationRequested();
                log.Case();
                var parameters = JsonElement.Parse(Encoding.UTF8.GetBytes(text), new JsonDocumentOptions { MaxDepth = 256 });
                if (operation.IsValid(parameters))
                    await JudgeAsync(suite, log, operation, parameters).ConfigureAwait(false);
            }
        }

        if (log.Cases == 0)
            log.NotApplicable("no operation takes parameters");
    }

    /// <summary>The parameters with each text in turn made a lone surrogate, and with a deep value added.</summary>
    private static IEnumerable<string> Hostile(JsonElement full)
    {
        var members = full.EnumerateObject().Select(member => (member.Name, Text: member.Value.GetRawText(), member.Value.ValueKind)).ToList();
        foreach (var bad in (string[])["\"\\ud800\"", "\"a\\udc00b\""])
            foreach (var (name, _, _) in members.Where(member => member.ValueKind == JsonValueKind.String).Take(8))
                yield return "{" + string.Join(',', members.Select(member => $"{JsonSerializer.Serialize(member.Name, SuiteJson.Default.String)}:{(member.Name == name ? bad : member.Text)}")) + "}";

        var deep = new string('[', 90) + new string(']', 90);
        yield return "{" + string.Join(',', members.Select(member => $"{JsonSerializer.Serialize(member.Name, SuiteJson.Default.String)}:{member.Text}").Append($"\"deep\":{deep}")) + "}";
        yield return "{" + string.Join(',', members.Select(member => $"{JsonSerializer.Serialize(member.Name, SuiteJson.Default.String)}:{(member.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? deep : member.Text)}")) + "}";
    }

    private static async Task JudgeAsync(SuiteContext suite, CheckLog log, OperationSamples operation, JsonElement parameters)
    {
        var (outcome, _) = await suite.SimulateAsync(operation, parameters).ConfigureAwait(false);
        if (outcome.Misbehaviour is { } wrong)
            log.Error(operation.Pointer, $"With valid parameters '{operation.Name}' {wrong}. The parameters: {Shown(parameters)}", "Refuse with a typed error what cannot be sent.");

        foreach (var request in outcome.Requests)
        {
            if (request.Denied is not null)
                log.Error(operation.Pointer, $"Parameters lead '{operation.Name}' to another host: {request.Denied} The parameters: {Shown(parameters)}");
            else if (WellFormed.Problem(request, parameters.GetRawText()) is { } problem)
                log.Error(operation.Pointer, $"With valid parameters the request of '{operation.Name}' is malformed: {problem}. The parameters: {Shown(parameters)}", "Refuse with a typed error what cannot be sent, or let the schema refuse it.");
            else if (WellFormed.HasDotSegment(request))
                log.Warn(operation.Pointer, $"Parameters put a dot segment into the path of '{operation.Name}', which a server may resolve and so do something else.", "Refuse \".\" and \"..\", if the provider has no use for them.");
        }
    }

    private static string Shown(JsonElement parameters)
    {
        var text = parameters.GetRawText();
        return text.Length <= 240 ? text : text[..240] + "…";
    }
}
