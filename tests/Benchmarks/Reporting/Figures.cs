using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Benchmarks.Reporting;

/// <summary>The figures of the benchmark that this process runs. Where a command runs several, each has a process of its own and hands its figures over in a file.</summary>
internal static class Figures
{
    /// <summary>Names the file.</summary>
    public const string Variable = "HUB_BENCHMARK_FIGURES";

    // A ratio to nothing is not a number.
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private static readonly List<Figure> Noted = [];

    public static void Add(params ReadOnlySpan<Figure> figures)
    {
        lock (Noted)
            Noted.AddRange(figures);
    }

    /// <summary>Writes them where they are wanted; nowhere when nobody asked.</summary>
    public static void Save()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } file)
            return;

        lock (Noted)
            File.WriteAllText(file, JsonSerializer.Serialize(Noted, Options));
    }

    public static IReadOnlyList<Figure> Read(string file) => File.Exists(file) ? JsonSerializer.Deserialize<List<Figure>>(File.ReadAllText(file), Options) ?? [] : [];
}
