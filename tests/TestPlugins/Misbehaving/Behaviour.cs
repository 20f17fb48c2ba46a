using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Sources;

namespace Misbehaving;

/// <summary>What to do wrong, and where.</summary>
internal sealed record Behaviour(string Method, string Way)
{
    private static readonly List<Timer> Leaked = [];

    public static Behaviour Read()
    {
        var words = File.ReadAllText(Path.Combine(Path.GetDirectoryName(typeof(Behaviour).Assembly.Location)!, "behaviour.txt")).Split(' ');
        return new Behaviour(words[0], words[1].Trim());
    }

    public bool Is(string method, string way) => Method == method && Way == way;

    [SuppressMessage("Usage", "CA2219", Justification = "Misbehaves on purpose.")]
    public void Act(string method)
    {
        if (method != Method)
            return;

        switch (Way)
        {
            case "throws":
                throw new NuisanceException();
            case "hangs":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "leaks":
                lock (Leaked)
                    Leaked.Add(new Timer(_ => GC.KeepAlive(this), null, 0, 5));
                break;
            case "kills":
                ThreadPool.UnsafeQueueUserWorkItem(_ => throw new NuisanceException(), null);
                new Thread(() => throw new InvalidOperationException("on a thread of its own")).Start();
                _ = new Timer(_ => throw new NuisanceException(), null, 1, Timeout.Infinite);
                AsyncVoid();
                _ = Task.Run(() => throw new NuisanceException());
                break;
            case "fails-fast":
                Environment.FailFast("The plugin gives up.");
                break;
            case "overflows":
                _ = Overflow(1);
                break;
            case "exits":
                Environment.Exit(3);
                break;
            case "fails-fast-late":
                Thread.Sleep(500);
                Environment.FailFast("The plugin gives up.");
                break;
        }
    }

    private static async void AsyncVoid()
    {
        await Task.Yield();
        throw new NuisanceException();
    }

    private static int Overflow(int depth) => depth + Overflow(depth + 1) + depth;
}

/// <summary>An exception that makes trouble itself.</summary>
public sealed class NuisanceException : Exception
{
    public override string Message => throw new InvalidOperationException("It does not even say what is wrong.");

    public override string StackTrace => throw new InvalidOperationException("Nor where.");

    public override string ToString() => throw new InvalidOperationException("Nor anything else.");
}

/// <summary>What no compiler would make.</summary>
internal static class Garbage
{
    /// <summary>A ValueTask that goes on twice and then fails.</summary>
    public static ValueTask ContinueTwice() => new(new Twice(), 0);

    private sealed class Twice : IValueTaskSource
    {
        private int asked;

        public void GetResult(short token)
        {
            if (Interlocked.Increment(ref asked) > 1)
                throw new NuisanceException();
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
}
