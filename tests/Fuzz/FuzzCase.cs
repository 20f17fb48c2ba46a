using System.Text.Json;

namespace IntegrationHub.Fuzz;

/// <summary>What one case came to.</summary>
internal sealed record CaseResult
{
    /// <summary>What is wrong; <see langword="null"/> when nothing is.</summary>
    public string? Fault { get; init; }

    /// <summary>How the hub would have answered: <c>accepted</c>, <c>handshake</c>, <c>malformed</c> or the refusal's kind.</summary>
    public required string Outcome { get; init; }

    /// <summary>What was done, step by step.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>What the hub got, for the report.</summary>
    public object? Input { get; init; }
}

/// <summary>One case: a target's name and a seed say everything about it.</summary>
internal sealed record FuzzCase(string Target, ulong Seed)
{
    public static IReadOnlyList<string> Targets { get; } = [.. Schemes.All.Select(scheme => scheme.Name), .. HandshakeCase.Names, TemplateCase.Name, PointerCase.Name, FilterCase.Name, TransformCase.Name];

    /// <summary>The case with the number in a run: every target in its turn, templates, filters and transformations more often.</summary>
    public static FuzzCase Of(ulong runSeed, long number)
    {
        var dice = new Dice(runSeed ^ ((ulong)number * 0xD1342543DE82EF95));
        var target = dice.OneIn(5) ? dice.Pick(TemplateCase.Name, FilterCase.Name, TransformCase.Name) : Targets[(int)(number % Targets.Count)];
        return new FuzzCase(target, dice.Next());
    }

    public static FuzzCase Parse(string line)
    {
        var parts = line.Split(':', 2);
        return new FuzzCase(parts[0], Convert.ToUInt64(parts[1].Trim().Split(' ')[0], 16));
    }

    /// <summary>Runs it; an exception is a fault, as no input may cause one.</summary>
    public CaseResult Run(IReadOnlySet<int>? without = null)
    {
        var steps = new List<string>();
        object? input = null;
        try
        {
            return Target switch
            {
                TemplateCase.Name => TemplateCase.Run(Seed, steps, ref input),
                FilterCase.Name => FilterCase.Run(Seed, steps, ref input),
                TransformCase.Name => TransformCase.Run(Seed, steps, ref input),
                PointerCase.Name => PointerCase.Run(Seed, steps, ref input),
                _ when HandshakeCase.Names.Contains(Target) => HandshakeCase.Run(Target, Seed, without, steps, ref input),
                _ => RequestCase.Run(Schemes.Find(Target), Seed, without, steps, ref input),
            };
        }
        catch (Exception exception)
        {
            return new CaseResult { Outcome = "exception", Fault = exception.ToString(), Steps = steps, Input = input };
        }
    }

    /// <summary>The steps that must stay for the case to fail in the same way; the others can be left out.</summary>
    public HashSet<int> Minimise()
    {
        var without = new HashSet<int>();
        var kind = Kind(Run());
        for (var step = 0; step < RequestCase.MaxSteps; step++)
        {
            without.Add(step);
            if (Kind(Run(without)) != kind)
                without.Remove(step);
        }

        return without;
    }

    public override string ToString() => $"{Target}:{Seed:x16}";

    private static string? Kind(CaseResult result) => result.Fault is { } fault ? $"{result.Outcome} {fault.Split('\n')[0]}" : null;
}

/// <summary>How drafts look in reports.</summary>
internal static class Shown
{
    public static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static object Of(Draft draft) => new
    {
        draft.Method,
        Url = draft.Origin + draft.Path + (draft.Query.Length > 2000 ? draft.Query[..2000] + "…" : draft.Query),
        Headers = draft.Headers.Select(header => $"{header.Name}: {(header.Value.Length > 500 ? header.Value[..500] + "…" : header.Value)}"),
        Body = draft.Body.Length > 4000 ? draft.Text[..Math.Min(draft.Text.Length, 4000)] + "…" : draft.Text,
        BodyBase64 = draft.Body.Length <= 4000 ? Convert.ToBase64String(draft.Body) : null,
        Secrets = draft.Secrets.Count,
    };
}
