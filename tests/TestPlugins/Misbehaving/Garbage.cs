using System.Text;
using System.Text.Json;
using System.Threading.Tasks.Sources;
using IntegrationHub.Adapters;

namespace Misbehaving;

/// <summary>What no compiler would make, and no reader can use.</summary>
internal static class Garbage
{
    private const int Depth = 5_000;
    private const int Length = 40 * 1024 * 1024;

    /// <summary>A ValueTask that goes on twice and then fails.</summary>
    public static ValueTask ContinueTwice() => new(new Twice<bool>(), 0);

    /// <inheritdoc cref="ContinueTwice()"/>
    public static ValueTask<T> ContinueTwice<T>() => new(new Twice<T>(), 0);

    public static ValueTask<OperationResult> Result(string way) => way switch
    {
        "garbage-null" => default,
        "garbage-unset" => new(OperationResult.Success(default)),
        "garbage-disposed" => new(OperationResult.Success(Disposed())),
        "garbage-deep" => new(OperationResult.Success(JsonDocument.Parse(new string('[', Depth) + new string(']', Depth), new JsonDocumentOptions { MaxDepth = Depth }).RootElement)),
        "garbage-large" => new(OperationResult.Success(JsonDocument.Parse(Large()).RootElement)),
        "garbage-task" => ContinueTwice<OperationResult>(),
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, null),
    };

    private static JsonElement Disposed()
    {
        using var document = JsonDocument.Parse("""{ "a": 1 }""");
        return document.RootElement;
    }

    private static byte[] Large()
    {
        var json = new byte[Length];
        json.AsSpan().Fill((byte)'x');
        json[0] = json[^1] = (byte)'"';
        return json;
    }

    private sealed class Twice<T> : IValueTaskSource, IValueTaskSource<T>
    {
        private int asked;

        public void GetResult(short token)
        {
            if (Interlocked.Increment(ref asked) > 1)
                throw new NuisanceException();
        }

        T IValueTaskSource<T>.GetResult(short token)
        {
            GetResult(token);
            return default!;
        }

        public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        {
            continuation(state);
            try
            {
                continuation(state);
            }
            catch (Exception)
            {
                // Whoever is called twice may well complain.
            }
        }
    }

    /// <summary>Twenty bytes, of which each read misbehaves.</summary>
    public sealed class OddStream(Behaviour behaviour, Action<string> log) : MemoryStream(Encoding.ASCII.GetBytes("01234567890123456789"))
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (behaviour.Way == "waits")
                return WaitAsync(buffer);

            behaviour.Act("content", log);
            if (behaviour.Is("content", "never"))
                return new(new TaskCompletionSource<int>().Task);

            return behaviour.Is("content", "garbage-lies") ? new(buffer.Length + 1) : base.ReadAsync(buffer, cancellationToken);
        }

        // Half of it at once, and the rest when it may.
        private async ValueTask<int> WaitAsync(Memory<byte> buffer)
        {
            while (Position == 10 && behaviour.Is("content", "waits"))
                await Task.Delay(10);

            return await base.ReadAsync(buffer[..Math.Min(buffer.Length, 10)], CancellationToken.None);
        }
    }
}
