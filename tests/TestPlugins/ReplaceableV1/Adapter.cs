using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Adapters;
using Microsoft.Extensions.Logging;

namespace Replaceable;

/// <summary>Does what an ordinary plugin does (a library of its own, statics, a timer, JSON, logs) and cleans up. Version 2 is the same code with another library.</summary>
public sealed partial class Adapter : IProviderAdapter
{
    private static readonly Dictionary<string, int> Calls = [];
    private ILogger? logger;
    private ITimer? timer;
    private string version = "";
    private bool disposed;

    public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        version = context.Manifest.Version;
        logger = context.Loggers.CreateLogger("Adapter");
        timer = context.Time.CreateTimer(_ => Count("ticks"), null, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10));
        return ValueTask.CompletedTask;
    }

    public async ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(disposed, this);
        await Task.Delay(1, cancellationToken);
        if (request.Operation == "wait")
            await Task.Delay(Timeout.Infinite, cancellationToken);

        // For as long as the test likes, whatever the token says.
        if (request.Content is { } content)
            _ = await content.Stream.ReadAsync(new byte[1], CancellationToken.None);

        LogRun(logger!, version);
        ObjectDisposedException.ThrowIf(disposed, this);
        return OperationResult.Success(JsonSerializer.SerializeToElement(new Answer(version, LibraryVersion.Text, Count("runs")), AnswerJson.Default.Answer));
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        if (timer is not null)
            await timer.DisposeAsync();
    }

    private static int Count(string name)
    {
        lock (Calls)
            return Calls[name] = Calls.GetValueOrDefault(name) + 1;
    }

    [LoggerMessage(1, LogLevel.Debug, "Version {Version} runs")]
    private static partial void LogRun(ILogger logger, string version);
}

internal sealed record Answer(string Version, string Library, int Runs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Answer))]
internal sealed partial class AnswerJson : JsonSerializerContext;
