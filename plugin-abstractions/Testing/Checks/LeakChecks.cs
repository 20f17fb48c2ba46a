using System.Text.Json;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Where secrets and requests went in everything that was called. Runs after the other checks.</summary>
internal static class LeakChecks
{
    public static void Run(SuiteContext suite)
    {
        suite.Log.Run("secrets.declared", "the fields that credentials are made of are marked as secret", log => Declared(suite.Manifest, log));
        suite.Log.Run("secrets.results", "no result, error or exception holds a secret", log => Results(suite, log));
        suite.Log.Run("secrets.requests", "secrets go to their own provider only, and not in addresses", log => Requests(suite, log));
        suite.Log.Run("secrets.logs", "no log line holds a secret", log => Logs(suite, log));
        suite.Log.Run("egress.allowed", "no request outside network.allow", log => Denied(suite, log));
        suite.Log.Run("egress.code", "the code opens no connection past the host's HTTP", log => Code(suite, log));
    }

    private const string NoSecrets = "connections have no secret (a field with \"x-secret\": true), or nothing was called";

    /// <summary>What is not marked is stored and shown in clear, and no other check looks for it.</summary>
    private static void Declared(ProviderManifest manifest, CheckLog log)
    {
        for (var index = 0; index < manifest.Auth.Count; index++)
        {
            var auth = manifest.Auth[index];
            Require(manifest, log, $"/auth/{index}/token", auth.Token);
            Require(manifest, log, $"/auth/{index}/password", auth.Password);
            var applied = (auth.Apply?.Headers.Values ?? []).Concat(auth.Apply?.Query.Values ?? []).SelectMany(ConfigMaker.FieldsOf).ToList();
            if (auth.Type is AuthType.AwsSigv4 or AuthType.JwtBearer or AuthType.Custom)
            {
                log.Case();
                if (!Fields(manifest).Any(field => IsSecret(manifest, field)))
                    log.Error($"/auth/{index}", "No field of a connection is marked as secret.", "Add \"x-secret\": true to the fields that hold credentials, so that they are encrypted and never shown.");
            }

            if (auth.Type != AuthType.ApiKey || applied.Count == 0)
                continue;

            log.Case();
            if (!applied.Exists(field => IsSecret(manifest, field)))
                log.Error($"/auth/{index}/apply", $"The credentials are made of fields of which none is marked as secret ({string.Join(", ", applied.Distinct())}).", "Add \"x-secret\": true to the field, so that it is encrypted and never shown.");
        }

        for (var index = 0; index < (manifest.Webhooks?.Verify.Count ?? 0); index++)
        {
            Require(manifest, log, $"/webhooks/verify/{index}/secret", manifest.Webhooks!.Verify[index].Secret);
            Require(manifest, log, $"/webhooks/verify/{index}/password", manifest.Webhooks.Verify[index].Password);
        }

        if (log.Cases == 0)
            log.NotApplicable("no credentials are made of fields");
    }

    private static void Require(ProviderManifest manifest, CheckLog log, string pointer, string? template)
    {
        var fields = ConfigMaker.FieldsOf(template).ToList();
        if (fields.Count == 0)
            return;

        log.Case();
        if (!fields.Exists(field => IsSecret(manifest, field)))
            log.Error(pointer, $"'{string.Join("', '", fields)}' is not marked as secret.", "Add \"x-secret\": true to the field, so that it is encrypted and never shown.");
    }

    private static IEnumerable<string> Fields(ProviderManifest manifest) =>
        manifest.Config is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? properties.EnumerateObject().Select(field => field.Name)
            : [];

    private static bool IsSecret(ProviderManifest manifest, string field) =>
        manifest.Config is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty("properties", out var properties) && properties.TryGetProperty(field, out var schema)
        && schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("x-secret", out var secret) && secret.ValueKind == JsonValueKind.True;

    private static void Results(SuiteContext suite, CheckLog log)
    {
        Judged(log, suite.Secrets.Results, NoSecrets);
        foreach (var (where, operation, _) in suite.Secrets.Leaks)
        {
            var pointer = Pointer(suite, operation);
            switch (where)
            {
                case "result":
                    log.Error(pointer, $"The result of '{operation}' holds a secret of the connection.", "Leave it out. A result that is a credential itself (a signed address) is marked \"x-secret\": true in the result's schema.");
                    break;
                case "error":
                    log.Error(pointer, $"An error of '{operation}' holds a secret of the connection.", "Leave it out of the message.");
                    break;
                case "exception":
                    log.Error(pointer, $"An exception of '{operation}' holds a secret of the connection in its message.", "Leave it out of the message.");
                    break;
            }
        }
    }

    private static void Requests(SuiteContext suite, CheckLog log)
    {
        Judged(log, suite.Secrets.Requests, NoSecrets + ", or the provider was never asked");
        foreach (var (where, operation, detail) in suite.Secrets.Leaks)
        {
            var pointer = Pointer(suite, operation);
            switch (where)
            {
                case "host":
                    log.Error(pointer, $"'{operation}' would send a secret to {detail}, which is not in network.allow.");
                    break;
                case "foreign":
                    log.Error(pointer, $"A request of '{operation}' holds a secret of another connection.", "Keep no credentials between calls.");
                    break;
                case "query":
                    log.Warn(pointer, $"'{operation}' sends a secret in the address ({detail}): servers and proxies log addresses.", "Send it in a header, if the provider takes it there; else declare it under auth.apply.query.");
                    break;
            }
        }

        if (suite.Plugin.Http.Strays.Count > 0)
            log.Error("", $"{suite.Plugin.Http.Strays.Count} requests came for calls that had ended.", "Do everything within the call: the hub may dispose the plugin once its calls are done.");
    }

    private static void Logs(SuiteContext suite, CheckLog log)
    {
        // That many calls could have logged a secret; a plugin that logs nothing has passed.
        Judged(log, suite.Secrets.Results, NoSecrets);
        var told = suite.Plugin.Logs;
        if (told.Lines.Any(line => suite.Secrets.Holds(line.Text)))
            log.Error("", "A log line holds a secret of a connection.", "Log names and kinds, no values.");

        if (told.Count > CapturedLogs.Most)
            log.Warn("", $"The plugin wrote {told.Count} log lines in this run.", "Log what an operator can act on; the hub cuts floods.");
    }

    private static void Denied(SuiteContext suite, CheckLog log)
    {
        Judged(log, suite.Denied.Watched, "the provider was never asked");
        foreach (var (operation, why) in suite.Denied.Requests)
            log.Error(Pointer(suite, operation), $"'{operation}' calls an address that it may not: {why}", "Add the host to network.allow, or correct the address.");
    }

    private static void Code(SuiteContext suite, CheckLog log)
    {
        if (suite.Manifest.Entry is not { } entry)
        {
            log.NotApplicable("there is no code");
            return;
        }

        log.Case();
        foreach (var (uses, hint) in CodeScan.Suspicions(PluginPaths.EntryAssembly(suite.Folder, entry.Assembly)))
            log.Warn("/entry/assembly", uses, hint);
    }

    private static void Judged(CheckLog log, int count, string whyNothing)
    {
        log.AddCases(count);
        if (count == 0)
            log.NotApplicable(whyNothing);
    }

    private static string Pointer(SuiteContext suite, string operation) => suite.Operations.FirstOrDefault(known => known.Name == operation)?.Pointer ?? "";
}
