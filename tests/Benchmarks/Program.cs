using IntegrationHub.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- ingest [--seconds 10] [--connections 64]
return args switch
{
    ["baseline-server", var port] => await BaselineServer.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)),
    ["ingest", .. var options] => await IngestBenchmark.RunAsync(BenchmarkOptions.Parse(options)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Usage: benchmarks ingest [--seconds N] [--connections N] [--warmup N]");
    return 64;
}
