using IntegrationHub.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- ingest [--seconds 10] [--connections 64]
// dotnet run -c Release --project tests/Benchmarks -- startup [--rounds 5] [--manifests 200] [--code 50] [--hub path/to/hub.dll]...
// dotnet run -c Release --project tests/Benchmarks -- guard [--calls 100000]
// dotnet run -c Release --project tests/Benchmarks -- overhead [--rounds 5] [--seconds 8]
// dotnet run -c Release --project tests/Benchmarks -- isolation [--rounds 5] [--seconds 8] [--hanging 600]
// dotnet run -c Release --project tests/Benchmarks -- crash [--kills 100] [--seed 1]
// dotnet run -c Release --project tests/Benchmarks -- faults [disk-full] [read-only] [torn-log] [clock] [never-answers] [slow-head] [slow-body] [batch] [subscriptions]
return args switch
{
    ["provider-server", var port] => await ProviderServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)),
    ["forwarder-server", var port, var provider] => await ForwarderServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), new Uri(provider)),
    ["overhead", .. var options] => await OverheadBenchmark.RunAsync(OperationBenchOptions.Parse(options)),
    ["isolation", .. var options] => await IsolationBenchmark.RunAsync(OperationBenchOptions.Parse(options)),
    ["baseline-server", var port] => await BaselineServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)),
    ["ingest", .. var options] => await IngestBenchmark.RunAsync(BenchmarkOptions.Parse(options)),
    ["crash", .. var options] => await CrashCommand.RunAsync(options),
    ["faults", .. var names] => await FaultsCommand.RunAsync(names),
    [StartupCommands.Nothing] => 0,
    ["guard", .. var options] => await GuardBenchmark.RunAsync(options),
    ["startup", .. var options] => await StartupBenchmark.RunAsync(StartupOptions.Parse(options)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Usage: benchmarks ingest [--seconds N] [--connections N] [--warmup N]");
    Console.Error.WriteLine("       benchmarks startup [--rounds N] [--manifests N] [--code N] [--hub path/to/hub.dll]...");
    Console.Error.WriteLine("       benchmarks guard [--calls N]");
    Console.Error.WriteLine("       benchmarks overhead|isolation [--rounds N] [--seconds N] [--warmup N] [--hanging N]");
    Console.Error.WriteLine("       benchmarks crash [--kills N] [--seed N]");
    Console.Error.WriteLine("       benchmarks faults [name]...");
    return 64;
}
