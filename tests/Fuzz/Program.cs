using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Fuzz;

// dotnet run -c Release --project tests/Fuzz -- --cases 1000000 --seed 1
// dotnet run -c Release --project tests/Fuzz -- --replay stripe:0123456789abcdef
var (cases, seed, folder, replay) = (1_000_000L, (ulong)TimeProvider.System.GetUtcNow().Ticks, Path.Combine("artifacts", "fuzz"), (string?)null);
for (var i = 0; i < args.Length; i += 2)
{
    if (i + 1 == args.Length)
        return Usage();

    switch (args[i])
    {
        case "--cases":
            cases = long.Parse(args[i + 1], CultureInfo.InvariantCulture);
            break;
        case "--seed":
            seed = ulong.Parse(args[i + 1], CultureInfo.InvariantCulture);
            break;
        case "--out":
            folder = args[i + 1];
            break;
        case "--replay":
            replay = args[i + 1];
            break;
        default:
            return Usage();
    }
}

var run = new FuzzRun(seed, cases, folder, Console.Out);
if (replay is not null)
{
    var one = FuzzCase.Parse(replay);
    var result = one.Run();
    Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(result, Shown.Options));
    run.One(one);
    return run.Faults == 0 ? 0 : 1;
}

Console.WriteLine($"fuzz: {cases:N0} cases over {FuzzCase.Targets.Count} targets, seed {seed}, .NET {Environment.Version}, {Environment.ProcessorCount} cores");
var clock = Stopwatch.StartNew();
run.Run(progress: true);
Console.WriteLine($"{cases:N0} cases in {clock.Elapsed.TotalSeconds:0.0} s ({cases / clock.Elapsed.TotalSeconds:N0} a second), seed {seed}; slowest {run.Slowest.TotalMilliseconds:0} ms ({run.SlowestCase})");
foreach (var (outcome, count) in run.Outcomes)
    Console.WriteLine($"  {outcome,-28} {count,12:N0}");

Console.WriteLine(run.Faults == 0 ? "no fault" : $"{run.Faults:N0} FAULTS; the first of each kind is in {folder}");
return run.Faults == 0 ? 0 : 1;

static int Usage()
{
    Console.Error.WriteLine("Usage: fuzz [--cases N] [--seed N] [--out folder] | --replay target:seed");
    return 64;
}
