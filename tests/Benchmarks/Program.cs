using IntegrationHub.Benchmarks;
using IntegrationHub.Benchmarks.Reporting;

// dotnet run -c Release --project tests/Benchmarks -- all [--quick] [--report path/to/report.md] [name]...
// dotnet run -c Release --project tests/Benchmarks -- ingest [--seconds 10] [--connections 64] [--rounds 3] [--stored 1000000] [--hub path/to/hub.dll]...
// dotnet run -c Release --project tests/Benchmarks -- dedupe [--seconds 10] [--connections 64] [--rounds 3]
// dotnet run -c Release --project tests/Benchmarks -- storage [--events 100000] [--connections 64]
// dotnet run -c Release --project tests/Benchmarks -- delivery [--seconds 8] [--concurrency 16]
// dotnet run -c Release --project tests/Benchmarks -- end-to-end [--rate 1500] [--seconds 8]
// dotnet run -c Release --project tests/Benchmarks -- retention [--seconds 10] [--connections 64]
// dotnet run -c Release --project tests/Benchmarks -- startup [--rounds 5] [--manifests 200] [--code 50] [--hub path/to/hub.dll]...
// dotnet run -c Release --project tests/Benchmarks -- guard [--calls 100000]
// dotnet run -c Release --project tests/Benchmarks -- routing [--subscriptions 10000]
// dotnet run -c Release --project tests/Benchmarks -- overhead [--rounds 5] [--seconds 8]
// dotnet run -c Release --project tests/Benchmarks -- isolation [--rounds 5] [--seconds 8] [--refused 600] [--hanging 600]
// dotnet run -c Release --project tests/Benchmarks -- crash [--kills 100] [--seed 1]
// dotnet run -c Release --project tests/Benchmarks -- faults [disk-full] [read-only] [torn-log] [clock] [never-answers] [slow-head] [slow-body] [batch] [subscriptions]
var code = args switch
{
    ["all", .. var options] => await AllCommand.RunAsync(options),
    ["provider-server", var port] => await ProviderServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)),
    ["forwarder-server", var port, var provider] => await ForwarderServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), new Uri(provider)),
    [OfferedLoad.Command, var rate] => await OfferedLoad.RunAsync(int.Parse(rate, System.Globalization.CultureInfo.InvariantCulture)),
    ["overhead", .. var options] => await OverheadBenchmark.RunAsync(OperationBenchOptions.Parse(options)),
    ["isolation", .. var options] => await IsolationBenchmark.RunAsync(OperationBenchOptions.Parse(options)),
    ["baseline-server", var port] => await BaselineServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)),
    ["event-sender", var url, var concurrency, var seconds, var file] => await DeliveryBenchmark.SendAsync(
        url, int.Parse(concurrency, System.Globalization.CultureInfo.InvariantCulture), int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture), file),
    ["event-forwarder", var port, var url] => await EndToEndBenchmark.ServeForwarderAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), url),
    ["delivery", .. var options] => await DeliveryBenchmark.RunAsync(EventBenchOptions.Parse(options)),
    ["end-to-end", .. var options] => await EndToEndBenchmark.RunAsync(EventBenchOptions.Parse(options)),
    ["ingest", .. var options] => await IngestBenchmark.RunAsync(BenchmarkOptions.Parse(options)),
    ["dedupe", .. var options] => await DedupeBenchmark.RunAsync(BenchmarkOptions.Parse(options)),
    ["storage", .. var options] => await StorageBenchmark.RunAsync(StorageOptions.Parse(options)),
    ["retention", .. var options] => await RetentionBenchmark.RunAsync(BenchmarkOptions.Parse(options)),
    ["crash", .. var options] => await CrashCommand.RunAsync(options),
    ["faults", .. var names] => await FaultsCommand.RunAsync(names),
    [StartupCommands.Nothing] => 0,
    ["guard", .. var options] => await GuardBenchmark.RunAsync(options),
    ["routing", .. var options] => await RoutingBenchmark.RunAsync(options),
    ["startup", .. var options] => await StartupBenchmark.RunAsync(StartupOptions.Parse(options)),
    _ => Usage(),
};
Figures.Save();
return code;

static int Usage()
{
    Console.Error.WriteLine("Usage: benchmarks all [--quick] [--report path] [name]...");
    Console.Error.WriteLine("       benchmarks ingest [--seconds N] [--connections N] [--warmup N] [--rounds N] [--stored N] [--hub path/to/hub.dll]...");
    Console.Error.WriteLine("       benchmarks dedupe [--seconds N] [--connections N] [--warmup N] [--rounds N]");
    Console.Error.WriteLine("       benchmarks storage [--events N] [--connections N]");
    Console.Error.WriteLine("       benchmarks delivery|end-to-end [--seconds N] [--connections N] [--concurrency N] [--rate N] [--warmup N]");
    Console.Error.WriteLine("       benchmarks retention [--seconds N] [--connections N] [--warmup N]");
    Console.Error.WriteLine("       benchmarks startup [--rounds N] [--manifests N] [--code N] [--hub path/to/hub.dll]...");
    Console.Error.WriteLine("       benchmarks guard [--calls N]");
    Console.Error.WriteLine("       benchmarks routing [--subscriptions N]");
    Console.Error.WriteLine("       benchmarks overhead|isolation [--rounds N] [--seconds N] [--warmup N] [--refused N] [--hanging N]");
    Console.Error.WriteLine("       benchmarks crash [--kills N] [--seed N]");
    Console.Error.WriteLine("       benchmarks faults [name]...");
    return 64;
}
