using IntegrationHub.Loading;
using IntegrationHub.Testing.Running;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Checks;

/// <summary>Where secrets and requests went in everything that was called. Runs after the other checks.</summary>
internal static class LeakChecks
{
    public static void Run(SuiteContext suite)
    {
        suite.Log.Run("secrets.results", "no result, error or exception holds a secret", log => Results(suite, log));
        suite.Log.Run("secrets.requests", "secrets go to their own provider only, and not in addresses", log => Requests(suite, log));
        suite.Log.Run("secrets.logs", "no log line holds a secret", log => Logs(suite, log));
        suite.Log.Run("egress.allowed", "no request outside network.allow", log => Denied(suite, log));
        suite.Log.Run("egress.code", "the code opens no connection past the host's HTTP", log => Code(suite, log));
    }

    private static void Results(SuiteContext suite, CheckLog log)
    {
        log.Case();
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
        log.Case();
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
        log.Case();
        var told = suite.Plugin.Logs;
        if (told.Lines.Any(line => suite.Secrets.Holds(line.Text)))
            log.Error("", "A log line holds a secret of a connection.", "Log names and kinds, no values.");

        if (told.Count > CapturedLogs.Most)
            log.Warn("", $"The plugin wrote {told.Count} log lines in this run.", "Log what an operator can act on; the hub cuts floods.");
    }

    private static void Denied(SuiteContext suite, CheckLog log)
    {
        log.Case();
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

    private static string Pointer(SuiteContext suite, string operation) => suite.Operations.FirstOrDefault(known => known.Name == operation)?.Pointer ?? "";
}
