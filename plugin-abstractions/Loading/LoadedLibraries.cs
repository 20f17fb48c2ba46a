using System.Runtime.InteropServices;

namespace IntegrationHub.Loading;

/// <summary>
/// The native libraries that one plugin's context loaded. The runtime never closes them, not even when the context has left memory: whoever saw that does it then, and not
/// before, since until then the plugin's code may call them. Thread-safe.
/// </summary>
internal sealed class LoadedLibraries
{
    private readonly Lock gate = new();
    private readonly List<nint> handles = [];

    public void Add(nint handle)
    {
        lock (gate)
            handles.Add(handle);
    }

    /// <summary>Closes each as often as it was loaded.</summary>
    public void Close()
    {
        lock (gate)
        {
            foreach (var handle in handles)
                NativeLibrary.Free(handle);

            handles.Clear();
        }
    }
}
