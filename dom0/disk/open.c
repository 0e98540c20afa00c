/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks for those who use them: by name, or image files, which are there while somebody does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "disk/disk.h"
#include "disk/image.h"

#define NAME_LENGTH 256

struct image {
	struct disk disk; /* first */
	char name[NAME_LENGTH];
};

static void free_image(struct image *image)
{
	if (image->disk.device)
		pieces_device_free(image->disk.device);
	pieces_free(&image->disk.pieces);
	free(image);
}

/* From sectors of the file system's disk to those of the whole. */
static void move_pieces(struct pieces *pieces, uint64_t by)
{
	for (unsigned int i = 0; i < pieces->count; i++) {
		pieces->piece[i].at += by;
		pieces->run[i].first += by;
		pieces->run[i].end += by;
	}
}

/* Find the file and make a disk of it. */
static int fill_image(struct image *image, struct disk *file_system, const char *path,
		      struct problem *problem)
{
	struct disk_source source = disk_source(file_system->device);
	struct disk *disk = &image->disk, *whole = file_system->whole;
	int error = image_find(&source, path, &disk->pieces, problem);

	if (error)
		return error;
	move_pieces(&disk->pieces, file_system->first);
	disk->file_system = file_system;
	disk->whole = whole ? whole : file_system;
	disk->device = pieces_device(&disk->pieces, disk->whole->device);
	if (!disk->device)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	disk->device->read_only |= file_system->device->read_only;
	disk->device->kind = "image";
	snprintf(disk->device->name, BLOCK_NAME_LENGTH, "%.30s", image->name);
	return 0;
}

static struct image *make_image(struct disk *file_system, const char *path, struct problem *problem)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image) {
		problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
		return NULL;
	}
	snprintf(image->name, sizeof(image->name), "%s:%s", file_system->name, path);
	image->disk.name = image->name;
	if (fill_image(image, file_system, path, problem)) {
		free_image(image);
		return NULL;
	}
	return image;
}

/* In a file system that is held. */
static struct disk *open_image(struct disk *file_system, const char *path, bool write,
			       struct problem *problem)
{
	struct image *image = make_image(file_system, path, problem);

	if (!image)
		return NULL;
	if (disk_claim(&image->disk, write, problem)) {
		free_image(image);
		return NULL;
	}
	disk_add_image(&image->disk);
	return &image->disk;
}

static struct disk *open_path(const char *name, size_t disk_length, bool write,
			      struct problem *problem)
{
	char disk_name[NAME_LENGTH];
	struct disk *file_system, *image;

	snprintf(disk_name, sizeof(disk_name), "%.*s", (int)disk_length, name);
	file_system = disk_find(disk_name, problem);
	if (!file_system || disk_hold_file_system(file_system, problem))
		return NULL;
	image = open_image(file_system, name + disk_length + 1, write, problem);
	if (!image)
		disk_drop_file_system(file_system);
	return image;
}

struct disk *disk_open(const char *name, bool write, struct problem *problem)
{
	struct problem none = {""};
	const char *path = strstr(name, ":/");
	struct disk *disk;

	/* A partition's label may look like a path. */
	disk = disk_find(name, path ? &none : problem);
	if (!disk && path)
		return open_path(name, (size_t)(path - name), write, problem);
	return disk && !disk_claim(disk, write, problem) ? disk : NULL;
}

void disk_list_files(const char *name, const char *path, char names[DISK_NAMES_LENGTH])
{
	struct problem problem = {""};
	struct disk *disk = disk_find(name, &problem);
	struct disk_source source;

	names[0] = '\0';
	if (!disk || disk_hold_file_system(disk, &problem))
		return;
	source = disk_source(disk->device);
	image_list(&source, path, names, &problem);
	disk_drop_file_system(disk);
}

void disk_close(struct disk *disk, bool write)
{
	disk_release(disk, write);
	if (!disk->file_system)
		return;
	disk_drop_file_system(disk->file_system);
	disk_remove_image(disk);
	free_image((struct image *)disk);
}
